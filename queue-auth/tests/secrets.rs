//! No secret in anything that is printed: every public type that can hold one is walked.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::time::Duration;

use common::frozen;
use queue_auth::sas::{
    QueuePermissions, QueueSas, SasCredential, SasToken, UserDelegationKey, UserDelegationSas,
};
use queue_auth::verify::{NoPolicies, RequestContext, Verifier};
use queue_auth::{
    AccountKey, Authorize, Both, SharedKey, SharedKeyLite, explain_mismatch, string_to_sign,
};

/// Marks the key in its text and, decoded, in its bytes.
const KEY: &str = "c2VjcmV0LWtleS1zZWNyZXQta2V5LXNlY3JldC1rZXk=";

/// Collects what is printed and looks for secrets in it.
struct Walk {
    secrets: Vec<String>,
    seen: usize,
}

impl Walk {
    fn text(&mut self, text: &str) {
        self.seen += 1;
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    fn debug(&mut self, value: &dyn Debug) {
        self.text(&format!("{value:?}"));
        self.text(&format!("{value:#?}"));
    }

    fn error(&mut self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.text(&error.to_string());
            self.debug(&error);
            next = error.source();
        }
    }

    fn display(&mut self, value: &dyn Display) {
        self.text(&value.to_string());
    }
}

#[test]
fn nothing_secret_is_printed() {
    let key = || AccountKey::from_base64(KEY).unwrap();
    let until = frozen() + Duration::from_secs(3600);
    let sas = QueueSas::new("jobs", QueuePermissions::ALL, until);
    let token = sas.sign("contoso", &key()).unwrap();
    let delegation =
        UserDelegationKey::new("oid", "tid", frozen(), until, "2026-02-06", KEY).unwrap();
    let delegated = UserDelegationSas::new("jobs", QueuePermissions::ALL, until);
    let delegated_token = delegated.sign("contoso", &delegation).unwrap();

    let mut parts = http::Request::get("https://contoso.queue.core.windows.net/jobs")
        .header("x-ms-version", "2026-02-06")
        .body(())
        .unwrap()
        .into_parts()
        .0;
    let signer = SharedKey::new("contoso", key());
    signer.authorize(&mut parts, frozen()).unwrap();
    let authorization = parts.headers["authorization"].to_str().unwrap().to_owned();

    let sig = |token: &SasToken| token.expose().rsplit("sig=").next().unwrap().to_owned();
    let mut walk = Walk {
        secrets: vec![
            KEY.to_owned(),
            "secret-key".to_owned(),
            sig(&token),
            sig(&token).replace("%2B", "+").replace("%2F", "/").replace("%3D", "="),
            sig(&delegated_token),
            authorization.rsplit(':').next().unwrap().to_owned(),
        ],
        seen: 0,
    };

    // Signers and what they hold.
    walk.debug(&key());
    walk.debug(&signer);
    walk.debug(&SharedKeyLite::new("contoso", key()));
    walk.debug(&token);
    walk.debug(&sas);
    walk.debug(&delegation);
    walk.debug(&delegated);
    walk.debug(&delegated_token);
    let credential = SasCredential::new(token.clone());
    walk.debug(&Both::new(SharedKey::new("contoso", key()), &credential));
    walk.debug(&credential);
    walk.debug(&SasCredential::from_fn({
        let token = token.clone();
        move |_| {
            let token = token.clone();
            Box::pin(async { Ok(token) })
        }
    }));
    let boxed: Box<dyn Authorize> = Box::new(SharedKey::new("contoso", key()));
    walk.debug(&boxed);

    // What a signed request shows: the header is marked, so HTTP stacks hide it too.
    walk.debug(&parts.headers);

    // Explanations.
    walk.display(&token.explain(frozen()));
    walk.debug(&delegated_token.explain(until));
    let text = string_to_sign("contoso", &parts).unwrap();
    walk.text(&text);
    walk.text(&explain_mismatch(&text, &text.replace("GET", "PUT")).unwrap());

    // Errors of wrong input that holds secrets.
    for wrong in [format!("{KEY}!"), format!("?{KEY}"), String::new()] {
        walk.error(&AccountKey::from_base64(&wrong).unwrap_err());
    }
    for wrong in [
        format!("{}#", token.expose()),
        format!("{}&{}", token.expose(), token.expose()),
        format!("https://contoso.queue.core.windows.net/?{}", token.expose()),
        token.expose().replace("sv=", "ev="),
    ] {
        walk.error(&SasToken::parse(&wrong).unwrap_err());
    }
    walk.error(&credential.authorize(&mut parts.clone(), until).unwrap_err());

    // A verifier, and its refusals of requests that are nearly right.
    let keys = HashMap::from([("contoso".to_owned(), vec![key()])]);
    let verifier = Verifier::new(keys);
    walk.debug(&verifier);
    let refuse = |walk: &mut Walk, parts: &http::request::Parts| {
        for now in [frozen(), frozen() + Duration::from_secs(7200)] {
            let context = RequestContext::new(now);
            let error = verifier.verify("contoso", parts, &NoPolicies, &context).unwrap_err();
            walk.error(&error);
            walk.text(&error.detail().unwrap_or_default());
        }
    };
    let mut wrong = parts.clone();
    wrong.method = http::Method::PUT;
    refuse(&mut walk, &wrong);
    token.authorize(&mut wrong, frozen()).unwrap();
    refuse(&mut walk, &wrong);
    wrong.headers.remove("authorization");
    wrong.uri = wrong.uri.to_string().replace("/jobs", "/other").parse().unwrap();
    refuse(&mut walk, &wrong);
    wrong.uri = wrong.uri.to_string().replace("sp=raup", "sp=r").parse().unwrap();
    refuse(&mut walk, &wrong);
    assert!(walk.seen > 60, "{}", walk.seen);
}

/// The right signature of a refused request is nowhere in the refusal.
#[test]
fn refusals_hold_no_correct_signature() {
    let request = http::Request::get("https://contoso.queue.core.windows.net/jobs")
        .header("x-ms-date", common::FROZEN)
        .header("authorization", "SharedKey contoso:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .body(())
        .unwrap();
    let right = common::sign("contoso", &string_to_sign("contoso", &request).unwrap());
    let error = Verifier::new(common::key_store())
        .verify("contoso", &request, &NoPolicies, &RequestContext::new(frozen()))
        .unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.detail());
    assert!(shown.contains("x-ms-date") && !shown.contains(&right), "{shown}");
}
