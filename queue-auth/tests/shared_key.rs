//! Known answers for Shared Key: requests of the official SDKs and values computed from the rules.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::{Duration, SystemTime};

use common::{Vector, account_key, at, frozen, key_store, vectors};
use http::HeaderMap;
use queue_auth::verify::{
    Access, NoPolicies, RequestContext, Verifier, VerifyError, VerifyErrorKind,
};
use queue_auth::{Authorize, Head, SharedKey, SharedKeyLite, string_to_sign, string_to_sign_lite};

#[test]
fn strings_to_sign() {
    let vectors = vectors("shared_key");
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = string_to_sign(&vector.account, &vector.request()).unwrap();
        assert_eq!(text, documented(&vector), "{}", vector.id);
    }
}

/// The vector's string by the documented rule. In a path-style URI of the secondary location most
/// SDKs sign the account's name as it stands there; the reference wants the primary's.
fn documented(vector: &Vector) -> String {
    let account = &vector.account;
    let primary = format!("\n/{account}/{account}");
    vector.string_to_sign.replace(&format!("\n/{account}/{account}-secondary"), &primary)
}

#[test]
fn signatures_are_accepted() {
    let verifier = Verifier::new(key_store());
    for vector in vectors("shared_key") {
        let mut request = vector.request();
        let authorization = vector.authorization.as_deref().unwrap();
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        let context = RequestContext::new(frozen());
        let grant = verifier.verify(&vector.account, &request, &NoPolicies, &context).unwrap();
        assert_eq!(grant.access, Access::Owner, "{}", vector.id);
        assert_eq!(grant.account, vector.account);
    }
}

#[test]
fn signs_as_the_vectors() {
    let mut signed = 0;
    for vector in vectors("shared_key") {
        let (mut parts, ()) = vector.request().into_parts();
        if !parts.headers.contains_key("x-ms-date") {
            // The signer always sends x-ms-date, so a vector with Date alone is another request.
            continue;
        }
        if documented(&vector) != vector.string_to_sign {
            continue;
        }
        // An old date, as before a retry, must not matter.
        parts.headers.insert("x-ms-date", "Wed, 23 Sep 2026 09:00:00 GMT".parse().unwrap());
        let before = parts.clone();
        let signer = SharedKey::new(&*vector.account, account_key(&vector.account));
        signer.authorize(&mut parts, frozen()).unwrap();
        let authorization = &parts.headers["authorization"];
        assert!(authorization.is_sensitive());
        assert_eq!(Some(authorization.to_str().unwrap()), vector.authorization.as_deref());
        assert_eq!(parts.headers["x-ms-date"], "Wed, 23 Sep 2026 10:20:30 GMT");
        assert_eq!((&parts.method, &parts.uri), (&before.method, &before.uri));
        assert_eq!(without_auth(&parts.headers), without_auth(&before.headers));
        signed += 1;
    }
    assert!(signed > 20);
}

fn without_auth(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove("authorization");
    headers.remove("x-ms-date");
    headers
}

fn signed(vector: &Vector) -> http::Request<()> {
    let (mut parts, ()) = vector.request().into_parts();
    SharedKey::new(&*vector.account, account_key(&vector.account))
        .authorize(&mut parts, frozen())
        .unwrap();
    http::Request::from_parts(parts, ())
}

fn verify_at(request: &http::Request<()>, now: SystemTime) -> Result<Access, VerifyError> {
    Verifier::new(key_store())
        .verify("contoso", request, &NoPolicies, &RequestContext::new(now))
        .map(|grant| grant.access)
}

#[test]
fn clock_skew() {
    let request = signed(&at("shared_key", "sk13-put-message"));
    let quarter = Duration::from_secs(15 * 60);
    let second = Duration::from_secs(1);
    for now in [frozen(), frozen() + quarter, frozen() - quarter] {
        assert!(verify_at(&request, now).is_ok());
    }
    for now in [frozen() + quarter + second, frozen() - quarter - second] {
        let error = verify_at(&request, now).unwrap_err();
        assert!(matches!(error, VerifyError::ClockSkew { .. }), "{error}");
        assert_eq!(error.kind(), VerifyErrorKind::AuthenticationFailed);
    }
}

#[test]
fn refusals() {
    let good = signed(&at("shared_key", "sk13-put-message"));
    let with = |name: &'static str, value: &str| {
        let mut request = http::Request::new(());
        *request.method_mut() = good.method().clone();
        *request.uri_mut() = good.uri().clone();
        *request.headers_mut() = good.headers().clone();
        if value.is_empty() {
            request.headers_mut().remove(name);
        } else {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        verify_at(&request, frozen()).unwrap_err()
    };
    let table = [
        ("authorization", "", "NoAuthenticationInformation", 401),
        ("authorization", "SharedKey", "InvalidAuthenticationInfo", 400),
        ("authorization", "SharedKey contoso", "InvalidAuthenticationInfo", 400),
        ("authorization", "SharedKey contoso:abc", "InvalidAuthenticationInfo", 400),
        ("authorization", "Basic Y29udG9zbzpwdw==", "InvalidAuthenticationInfo", 400),
        ("x-ms-date", "", "AuthenticationFailed", 403),
        ("x-ms-date", "yesterday", "AuthenticationFailed", 403),
        ("content-length", "101", "AuthenticationFailed", 403),
    ];
    for (name, value, code, status) in table {
        let error = with(name, value);
        assert_eq!((error.code(), error.status().as_u16()), (code, status), "{name}: {value}");
    }

    let error = with("content-length", "101");
    let VerifyError::Mismatch { string_to_sign: shown } = &error else { panic!("{error}") };
    assert!(shown.starts_with("POST\n\n\n101\n"));
    assert!(error.detail().unwrap().contains(shown));
}

#[test]
fn both_keys_of_an_account() {
    let request = signed(&at("shared_key", "sk13-put-message"));
    let other = queue_auth::AccountKey::from_base64("b3RoZXI=").unwrap();
    let keys = vec![other.clone(), account_key("contoso")];
    let both = Verifier::new(std::collections::HashMap::from([("contoso".to_owned(), keys)]));
    let one = Verifier::new(std::collections::HashMap::from([("contoso".to_owned(), vec![other])]));
    let context = RequestContext::new(frozen());
    assert!(both.verify("contoso", &request, &NoPolicies, &context).is_ok());
    let error = one.verify("contoso", &request, &NoPolicies, &context).unwrap_err();
    assert!(matches!(error, VerifyError::Mismatch { .. }));
    let error = both.verify("fabrikam", &request, &NoPolicies, &context).unwrap_err();
    assert!(matches!(error, VerifyError::WrongAccount));
}

#[test]
fn rotation_in_a_living_signer() {
    let vector = at("shared_key", "sk13-put-message");
    let signer = SharedKey::new("contoso", queue_auth::AccountKey::from_base64("b2xk").unwrap());
    let (mut parts, ()) = vector.request().into_parts();
    signer.authorize(&mut parts, frozen()).unwrap();
    assert_ne!(parts.headers["authorization"].to_str().ok(), vector.authorization.as_deref());
    signer.rotate(account_key("contoso"));
    signer.authorize(&mut parts, frozen()).unwrap();
    assert_eq!(parts.headers["authorization"].to_str().ok(), vector.authorization.as_deref());
}

#[test]
fn an_error_changes_nothing() {
    let (mut parts, ()) = at("shared_key", "sk13-put-message").request().into_parts();
    parts.headers.append("x-ms-version", "2021-12-02".parse().unwrap());
    let before = parts.clone();
    let signer = SharedKey::new("contoso", account_key("contoso"));
    signer.authorize(&mut parts, frozen()).unwrap_err();
    assert_eq!(parts.headers, before.headers);
    let bad = SharedKey::new("con\ntoso", account_key("contoso"));
    parts.headers.remove("x-ms-version");
    let before = parts.clone();
    bad.authorize(&mut parts, frozen()).unwrap_err();
    assert_eq!(parts.headers, before.headers);
    signer.authorize(&mut parts, SystemTime::UNIX_EPOCH - Duration::from_secs(1)).unwrap_err();
    assert_eq!(parts.headers, before.headers);
}

#[test]
fn secondary_path_style_signs_the_primary_and_both_readings_are_accepted() {
    let request = http::Request::get("http://127.0.0.1:10001/contoso-secondary/jobs?comp=metadata")
        .header("x-ms-date", common::FROZEN)
        .header("x-ms-version", "2026-02-06")
        .body(())
        .unwrap();
    let ours = string_to_sign("contoso", Head::from(&request)).unwrap();
    assert!(ours.ends_with("\n/contoso/contoso/jobs\ncomp:metadata"));
    let as_sent = ours.replace("/contoso/contoso/", "/contoso/contoso-secondary/");
    for text in [ours, as_sent] {
        let mut request = request.clone();
        let signature = common::sign("contoso", &text);
        let value = format!("SharedKey contoso:{signature}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        assert!(verify_at(&request, frozen()).is_ok(), "{text}");
    }
}

#[test]
fn lite() {
    let vectors = vectors("shared_key_lite");
    assert!(!vectors.is_empty());
    let verifier = Verifier::new(key_store());
    for vector in vectors {
        let request = vector.request();
        let text = string_to_sign_lite(&vector.account, &request).unwrap();
        assert_eq!(text, documented(&vector), "{}", vector.id);

        let mut given = vector.request();
        let authorization = vector.authorization.as_deref().unwrap();
        given.headers_mut().insert("authorization", authorization.parse().unwrap());
        let context = RequestContext::new(frozen());
        verifier.verify(&vector.account, &given, &NoPolicies, &context).unwrap();

        let (mut parts, ()) = request.into_parts();
        let dated = parts.headers.contains_key("x-ms-date");
        SharedKeyLite::new(&*vector.account, account_key(&vector.account))
            .authorize(&mut parts, frozen())
            .unwrap();
        verifier.verify(&vector.account, &parts, &NoPolicies, &context).unwrap();
        if dated && documented(&vector) == vector.string_to_sign {
            assert_eq!(parts.headers["authorization"], authorization);
        }
    }
}

/// Whole requests of the Python SDK, with the strings that it signed.
#[test]
fn requests_of_the_python_sdk() {
    let wire: serde_json::Value = serde_json::from_str(include_str!("data/wire.json")).unwrap();
    let mut count = 0;
    for sent in wire["python"].as_array().unwrap() {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let mut request =
            http::Request::builder().method(&*text(&sent["method"])).uri(text(&sent["url"]));
        for (name, value) in sent["headers"].as_object().unwrap() {
            request = request.header(name, text(value));
        }
        let request = request.body(()).unwrap();
        let authorization = request.headers()["authorization"].to_str().unwrap().to_owned();
        let Some(account) = authorization.strip_prefix("SharedKey ") else { continue };
        let account = account.split(':').next().unwrap();
        assert_eq!(
            string_to_sign(account, &request).unwrap(),
            text(&sent["string_to_sign"]),
            "{}",
            sent["operation"]
        );
        Verifier::new(key_store())
            .verify(account, &request, &NoPolicies, &RequestContext::new(frozen()))
            .unwrap();
        count += 1;
    }
    assert!(count >= 15);
}
