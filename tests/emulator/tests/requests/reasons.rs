//! The reason of every refusal, as data beside the answer.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Response;
use queue_auth::sas::QueueSas;
use queue_emulator::{Check, Effect, Fault, Refused};
use queue_proto::ErrorCode;
use queue_proto::{DEVSTORE_ACCOUNT, DEVSTORE_KEY};

use crate::wire::{Call, MESSAGE, Wire, escape, key};

fn refused(response: &Response<Bytes>) -> Option<&Refused> {
    response.extensions().get()
}

fn ask(wire: &Wire, call: Call<'_>) -> Response<Bytes> {
    wire.emulator.handle(call.request())
}

#[test]
fn every_refusal_tells_the_check_and_the_reason() {
    let wire = Wire::new();
    wire.queue("jobs");
    let (id, _) = wire.message("jobs");
    let sas = QueueSas::new("jobs", "r".parse().unwrap(), wire.after(60));
    let sas = sas.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    let long = "x".repeat(200_000);
    for (call, expected) in [
        (
            wire.get("/jobs").header("x-ms-a", "1").header("x-ms-a", "2").anonymous(),
            "head: 400 InvalidHeaderValue: HeaderName x-ms-a, Reason The header is given more than once.",
        ),
        (wire.post("/jobs/messages").body(&long), "size: 413 RequestBodyTooLarge: MaxLimit 131584"),
        (wire.get("/Jobs"), "form: 400 InvalidResourceName"),
        (wire.get("/jobs").version("1"), "form: 400 InvalidHeaderValue: HeaderName x-ms-version"),
        (
            wire.get("/jobs").anonymous(),
            "authentication: 401 NoAuthenticationInformation: the request carries no credentials",
        ),
        (wire.call("FETCH", "/jobs"), "operation: 400 InvalidHttpVerb"),
        (wire.put("/jobs").secondary(), "location: 403 InsufficientAccountPermissions"),
        (
            wire.post("/jobs/messages").body(MESSAGE).sas(&sas),
            "permission: 403 AuthorizationPermissionMismatch",
        ),
        (
            wire.post("/jobs/messages").body(MESSAGE).header("content-md5", "x"),
            "digest: 400 InvalidMd5",
        ),
        (
            wire.get("/jobs/messages?numofmessages=99"),
            "values: 400 OutOfRangeQueryParameterValue: QueryParameterName numofmessages",
        ),
        (
            wire.delete(&format!("/jobs/messages/{id}?popreceipt=a+b")),
            "values: 400 InvalidQueryParameterValue: QueryParameterName popreceipt, Reason Invalid pop receipt format",
        ),
        (wire.get("/other?comp=metadata"), "state: 404 QueueNotFound"),
    ] {
        let response = ask(&wire, call);
        let refused = refused(&response).unwrap();
        assert_eq!(refused.to_string(), expected);
        assert_eq!(refused.status(), response.status());
        assert_eq!(response.headers()["x-ms-error-code"], refused.code().as_str());
    }
    let fine = ask(&wire, wire.get("/jobs?comp=metadata"));
    assert_eq!(refused(&fine), None);

    wire.emulator.add_fault(Fault::new(Effect::Refuse(ErrorCode::ServerBusy)));
    let request = wire.get("/jobs?comp=metadata").request();
    let response = wire.emulator.exchange(request).result.unwrap();
    assert_eq!(refused(&response).map(Refused::check), Some(Check::Fault));
}

#[test]
fn a_reason_holds_no_secret() {
    let wire = Wire::new();
    wire.queue("jobs");
    let (id, receipt) = wire.message("jobs");
    let sas = QueueSas::new("jobs", "r".parse().unwrap(), wire.after(60));
    let token = sas.sign(DEVSTORE_ACCOUNT, &key()).unwrap().expose().to_owned();
    let (_, signature) = token.split_once("sig=").unwrap();
    let signature = signature.split('&').next().unwrap();
    let target = format!("/jobs/messages/{id}?popreceipt={}", escape(&receipt));
    let mut reasons = BTreeSet::new();
    for call in [
        // A string to sign with the receipt in it.
        wire.delete(&target).header("x-ms-late", "1").at(wire.after(7200)),
        wire.delete(&target).query(&token.replace("sp=r", "sp=p")),
        wire.delete(&format!("{target}%20")),
        wire.put(&target).body(MESSAGE),
        wire.put(&format!("{target}&visibilitytimeout=x")).body(MESSAGE),
        wire.get("/jobs?comp=metadata").query(&token.replace("sig=", "sig=x")),
        wire.get("/jobs?comp=metadata").bearer("eyJhbGciOiJub25lIn0.e30.c2VjcmV0"),
        wire.get("/jobs?comp=metadata").anonymous().header("authorization", "Secret c2VjcmV0"),
    ] {
        let response = ask(&wire, call);
        let refused = refused(&response).unwrap();
        let shown = format!("{refused} {refused:?}");
        for secret in [DEVSTORE_KEY, &receipt, signature, "c2VjcmV0", "string to sign"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        reasons.insert(refused.to_string());
    }
    assert!(reasons.len() >= 6, "{reasons:?}");
}

#[test]
fn checks_have_their_order_and_their_names() {
    assert!(Check::Head < Check::Account && Check::Account < Check::Size);
    assert!(Check::Authentication < Check::Permission && Check::Values < Check::State);
    assert_eq!(Check::AccountKeys.to_string(), "account-keys");
}
