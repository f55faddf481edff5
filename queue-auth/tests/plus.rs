//! A raw plus in a query, which the service reads as a blank, and other marks of a copied token.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::Duration;

use common::{account_key, frozen, key_store};
use queue_auth::sas::{QueuePermissions, QueueSas, SasToken};
use queue_auth::verify::{NoPolicies, RequestContext, Verifier, VerifyError};
use queue_auth::{Authorize, SharedKey, SharedKeyLite, string_to_sign};

const QUEUE: &str = "https://contoso.queue.core.windows.net/jobs";

fn verify(uri: &str) -> Result<(), VerifyError> {
    let request = http::Request::get(uri).body(()).unwrap();
    let context = RequestContext::new(frozen()).https(true);
    Verifier::new(key_store()).verify("contoso", &request, &NoPolicies, &context).map(|_| ())
}

/// A token whose signature holds a plus.
fn with_plus() -> SasToken {
    let key = account_key("contoso");
    let tokens = (1..).map(|minutes| {
        let expiry = frozen() + Duration::from_secs(60 * minutes);
        QueueSas::new("jobs", QueuePermissions::ALL, expiry).sign("contoso", &key).unwrap()
    });
    tokens.into_iter().find(|token| token.expose().contains("%2B")).unwrap()
}

#[test]
fn a_signature_with_a_raw_plus_is_refused_in_the_words_of_the_service() {
    let token = with_plus();
    verify(&format!("{QUEUE}?{}", token.expose())).unwrap();
    for lost in ["+", "%20"] {
        let raw = token.expose().replace("%2B", lost);
        let error = verify(&format!("{QUEUE}?{raw}")).unwrap_err();
        assert_eq!((error.status().as_u16(), error.code()), (403, "AuthenticationFailed"));
        let detail = error.detail().unwrap();
        assert!(detail.starts_with("Signature fields not well formed."), "{detail}");
    }
}

#[test]
fn a_token_is_read_with_the_marks_of_its_way() {
    let token = with_plus();
    let text = token.expose();
    let raw = |lost| text.replace("%2B", lost);
    for given in [
        raw("+"),
        raw(" "),
        raw("%20"),
        format!("?{}", raw("+")),
        text.replace('&', "&amp;"),
        format!("\"{text}\""),
        format!(" '?{text}'\r\n"),
    ] {
        let parsed = SasToken::parse(&given).unwrap();
        assert_eq!(parsed.expose(), text, "{given}");
        let (mut parts, ()) = http::Request::get(QUEUE).body(()).unwrap().into_parts();
        parsed.authorize(&mut parts, frozen()).unwrap();
        verify(&parts.uri.to_string()).unwrap();

        let explanation = parsed.explain(frozen());
        let note = explanation.notes().iter().find(|note| note.field() == "sig").unwrap();
        assert!(!note.is_problem(), "{explanation}");
        let repaired =
            given.contains(['+', ' ']) && !given.contains("%2B") || given.contains("%20");
        assert_eq!(note.text().contains("%2B"), repaired, "{given}: {explanation}");
    }
    // Elsewhere a plus is a blank, and may have been signed as one.
    let policy = SasToken::parse("sv=2026-02-06&si=policy+1&sig=x").unwrap();
    assert_eq!(policy.expose(), "sv=2026-02-06&si=policy+1&sig=x");
    let signed = policy.string_to_sign("contoso", Some("jobs")).unwrap();
    assert_eq!(signed, "\n\n\n/queue/contoso/jobs\npolicy 1\n\n\n2026-02-06");
    let offset = "sv=2026-02-06&sp=r&se=2026-09-24T10:00:00+02:00&sig=x";
    let explanation = SasToken::parse(offset).unwrap().explain(frozen());
    let note = explanation.problems().find(|note| note.field() == "se").unwrap();
    assert!(note.text().contains("a plus is read that is not %2B"), "{explanation}");
}

#[test]
fn shared_key_signs_the_blank_that_the_service_reads() {
    let uri = format!("{QUEUE}/messages/1?popreceipt=Ag+A%2BwM%3D&a+b=c&comp=x+y");
    let sent =
        || http::Request::delete(&*uri).header("x-ms-version", "2026-02-06").body(()).unwrap();
    let text = string_to_sign("contoso", &sent()).unwrap();
    assert!(text.ends_with("\na b:c\ncomp:x y\npopreceipt:Ag A+wM="), "{text}");

    let key = || account_key("contoso");
    let signers: [Box<dyn Authorize>; 2] = [
        Box::new(SharedKey::new("contoso", key())),
        Box::new(SharedKeyLite::new("contoso", key())),
    ];
    for signer in signers {
        let (mut parts, ()) = sent().into_parts();
        signer.authorize(&mut parts, frozen()).unwrap();
        let context = RequestContext::new(frozen());
        let verifier = Verifier::new(key_store());
        // As it was sent, as the same blanks written otherwise, and as pluses, which is another query.
        for (uri, good) in
            [(uri.clone(), true), (uri.replace('+', "%20"), true), (uri.replace('+', "%2B"), false)]
        {
            parts.uri = uri.parse().unwrap();
            let grant = verifier.verify("contoso", &parts, &NoPolicies, &context);
            assert_eq!(grant.is_ok(), good, "{uri}");
        }
    }
}
