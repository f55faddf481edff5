//! Authorization of whole requests, and tokens taken out of URIs.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{account_key, frozen};
use http::{HeaderMap, Method, Uri};
use queue_auth::sas::SasToken;
use queue_auth::{AuthError, Authorize, AuthorizeExt, SharedKey};

const URI: &str = "https://contoso.queue.core.windows.net/jobs/messages?popreceipt=a%2Bb%3D&x=1";

fn token() -> SasToken {
    SasToken::parse("sv=2026-02-06&sp=raup&se=2036-01-01&sig=a%2Bb%2F%3D").unwrap()
}

/// What the method that takes parts makes of it.
fn by_parts(authorizer: &dyn Authorize) -> (Uri, HeaderMap) {
    let request = http::Request::delete(URI).header("x-ms-version", "2026-02-06");
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    authorizer.authorize(&mut parts, frozen()).unwrap();
    (parts.uri, parts.headers)
}

#[test]
fn whole_requests_and_heads() {
    let key = SharedKey::new("contoso", account_key("contoso"));
    for authorizer in [&key as &dyn Authorize, &token()] {
        let expected = by_parts(authorizer);
        let request = http::Request::delete(URI).header("x-ms-version", "2026-02-06");
        let mut request = request.body(vec![1, 2]).unwrap();
        authorizer.authorize_request(&mut request, frozen()).unwrap();
        assert_eq!((request.uri(), request.headers()), (&expected.0, &expected.1));
        assert_eq!(request.body(), &[1, 2]);

        let (mut uri, mut headers): (Uri, _) = (URI.parse().unwrap(), HeaderMap::new());
        headers.insert("x-ms-version", "2026-02-06".parse().unwrap());
        authorizer.authorize_head(&Method::DELETE, &mut uri, &mut headers, frozen()).unwrap();
        assert_eq!((uri, headers), expected);
    }
}

#[test]
fn an_error_leaves_the_request_as_it_was() {
    let key = SharedKey::new("contoso", account_key("contoso"));
    let mut request = http::Request::delete(URI).header("x-other", "1").body("body").unwrap();
    let error = key.authorize_request(&mut request, frozen()).unwrap_err();
    assert!(matches!(error, AuthError::MissingVersion), "{error}");
    assert_eq!((request.uri().to_string().as_str(), *request.body()), (URI, "body"));
    assert_eq!(request.headers().len(), 1);
}

#[cfg(feature = "reqwest")]
#[test]
fn requests_of_reqwest() {
    use queue_auth::reqwest_0_13;

    let key = SharedKey::new("contoso", account_key("contoso"));
    for authorizer in [&key as &dyn Authorize, &token()] {
        let (uri, headers) = by_parts(authorizer);
        let mut request = reqwest::Request::new(Method::DELETE, URI.parse().unwrap());
        request.headers_mut().insert("x-ms-version", "2026-02-06".parse().unwrap());
        reqwest_0_13::authorize(authorizer, &mut request, frozen()).unwrap();
        assert_eq!((request.url().as_str(), request.headers()), (&*uri.to_string(), &headers));
    }
    // The length of a body in memory is signed, too.
    let mut put = reqwest::Request::new(Method::POST, URI.parse().unwrap());
    put.headers_mut().insert("x-ms-version", "2026-02-06".parse().unwrap());
    *put.body_mut() = Some("hello".into());
    reqwest_0_13::authorize(&key, &mut put, frozen()).unwrap();
    let mut same = http::Request::post(URI).header("x-ms-version", "2026-02-06");
    same = same.header("content-length", "5");
    let mut same = same.body(()).unwrap();
    key.authorize_request(&mut same, frozen()).unwrap();
    assert_eq!(put.headers(), same.headers());
    let mut request = reqwest::Request::new(Method::DELETE, URI.parse().unwrap());
    assert!(reqwest_0_13::authorize(&key, &mut request, frozen()).is_err());
    assert_eq!((request.url().as_str(), request.headers().len()), (URI, 0));
}

#[test]
fn tokens_out_of_uris() {
    let text = token();
    let text = text.expose();
    for (before, after) in [
        (format!("https://a.example/jobs?{text}"), "https://a.example/jobs"),
        (format!("https://a.example/jobs?x=1&{text}&y=%20"), "https://a.example/jobs?x=1&y=%20"),
        (format!("/jobs?comp=list&{text}"), "/jobs?comp=list"),
    ] {
        let mut uri: Uri = before.parse().unwrap();
        let token = SasToken::take_from(&mut uri).unwrap().unwrap();
        assert_eq!((token.expose(), uri.to_string().as_str()), (text, after));
        assert_eq!(token.field("sp").as_deref(), Some("raup"));
        assert_eq!(token.field("SE").as_deref(), Some("2036-01-01"));
        for none in ["sig", "SIG", "si", "comp", ""] {
            assert_eq!(token.field(none), None, "{none}");
        }
    }
    let mut plain: Uri = "https://a.example/jobs?sp=1".parse().unwrap();
    assert!(SasToken::take_from(&mut plain).unwrap().is_none());
    let mut broken: Uri = "https://a.example/jobs?sig=x&x=1".parse().unwrap();
    assert_eq!(SasToken::take_from(&mut broken).unwrap_err().field(), "sv");
    assert_eq!(broken, "https://a.example/jobs?sig=x&x=1");
}
