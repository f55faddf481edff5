//! The OAuth 2.0 flows against an identity provider on this machine, over HTTP.

#![cfg(feature = "oauth2")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod oauth_server;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use oauth_server::{Answer, Provider, Seen, after, at_once, carried, direct, printed, request};
use queue_auth::bearer::{
    AccessToken, Application, Authority, ClientAssertionFlow, ClientSecretFlow, TokenError,
    TokenErrorKind, TokenRequest, TokenSource,
};
use queue_auth::{AuthError, Authorize, Bearer};

const TENANT: &str = "7b795fb9-09d3-42f4-a494-38864f99ba3c";
const OTHER_TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const CLIENT: &str = "e1b9b9d6-9f1c-4c62-8e2e-0f3a4a1f6a11";
const SECRET: &str = "Q8~s3cret&+ value=%";
const SCOPE: &str = "https://storage.azure.com/.default";

fn application(provider: &Provider) -> Application {
    let authority = Authority::new(TENANT).unwrap();
    let authority = authority.danger_with_http_host(&provider.url()).unwrap();
    Application::new(authority, CLIENT, direct())
}

fn secret_flow(provider: &Provider) -> ClientSecretFlow {
    ClientSecretFlow::new(application(provider), SECRET)
}

/// Asks once.
async fn ask(source: &dyn TokenSource) -> Result<AccessToken, TokenError> {
    source.token(&TokenRequest::new(SCOPE), after(0)).await
}

fn kind(result: Result<AccessToken, TokenError>) -> TokenErrorKind {
    result.unwrap_err().kind().clone()
}

#[tokio::test]
async fn a_client_with_a_secret() {
    let provider = Provider::start(|_, _| Answer::token("eyJ0.a.b")).await;
    let bearer = Bearer::new(secret_flow(&provider));
    bearer.refresh(after(0)).await.unwrap();
    let mut parts = request();
    bearer.authorize(&mut parts, after(0)).unwrap();
    assert_eq!(carried(&parts), "eyJ0.a.b");
    assert_eq!(bearer.expires_at(), Some(after(3599)));

    let [seen] = &provider.seen()[..] else { panic!("one request") };
    assert_eq!((&seen.method, &*seen.path), (&http::Method::POST, &*path(TENANT, "token")));
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(!seen.headers.contains_key("authorization"));
    assert_eq!(seen.form.len(), 4);
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("scope", SCOPE),
    ] {
        assert_eq!(seen.field(name), value);
    }
}

fn path(tenant: &str, endpoint: &str) -> String {
    format!("/{tenant}/oauth2/v2.0/{endpoint}")
}

#[tokio::test]
async fn a_secret_is_rotated() {
    let provider = Provider::start(|_, _| Answer::token("t")).await;
    let flow = secret_flow(&provider);
    ask(&flow).await.unwrap();
    flow.rotate("next");
    ask(&flow).await.unwrap();
    let secrets: Vec<_> =
        provider.seen().iter().map(|seen| seen.field("client_secret").to_owned()).collect();
    assert_eq!(secrets, [SECRET, "next"]);
}

fn refreshes(
    bearer: &Arc<Bearer<ClientSecretFlow>>,
    second: u64,
) -> impl Fn() -> queue_auth::BoxFuture<'static, Result<(), AuthError>> {
    let bearer = Arc::clone(bearer);
    move || {
        let bearer = Arc::clone(&bearer);
        Box::pin(async move { bearer.refresh(after(second)).await })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_of_a_slow_provider() {
    let slow = Duration::from_millis(200);
    let provider = Provider::start(move |n, _| Answer::token(&format!("t{n}")).slow(slow)).await;
    let bearer = Arc::new(Bearer::new(secret_flow(&provider)).in_background(|renewal| {
        tokio::spawn(renewal);
    }));
    let results = at_once(100, refreshes(&bearer, 0)).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(provider.count(), 1);

    // Ahead of the end, nobody waits (all are ready at the first poll) and one request goes out.
    for _ in 0..100 {
        let mut refresh = bearer.refresh(after(3400));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(refresh.as_mut().poll(&mut context), Poll::Ready(Ok(()))));
    }
    let mut parts = request();
    bearer.authorize(&mut parts, after(3400)).unwrap();
    assert_eq!(carried(&parts), "t0");
    while bearer.expires_at() == Some(after(3599)) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bearer.authorize(&mut parts, after(3400)).unwrap();
    assert_eq!(carried(&parts), "t1");
    assert_eq!(provider.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_of_a_provider_that_limits() {
    let provider = Provider::start(|_, _| {
        Answer::error(429, "temporarily_unavailable", "Too many requests")
            .header("retry-after", "17")
            .slow(Duration::from_millis(50))
    })
    .await;
    let bearer = Arc::new(Bearer::new(secret_flow(&provider)));
    for second in 0..17 {
        for result in at_once(100, refreshes(&bearer, second)).await {
            let error = result.unwrap_err();
            let error = TokenError::of(&error).unwrap();
            assert_eq!(*error.kind(), TokenErrorKind::Busy { status: 429 });
            assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
            assert!(error.is_transient());
        }
    }
    assert_eq!(provider.count(), 1);
    assert!(bearer.refresh(after(17)).await.is_err());
    assert_eq!(provider.count(), 2);
}

#[tokio::test]
async fn a_provider_that_recovers() {
    let provider = Provider::start(|number, _| match number {
        0 => {
            Answer::new(503, "<html>Service Unavailable</html>").header("content-type", "text/html")
        }
        1 => Answer::hang_up(),
        2 => Answer::error(500, "server_error", "AADSTS90033: A transient error has occurred."),
        _ => Answer::token("t"),
    })
    .await;
    let flow = secret_flow(&provider);
    assert_eq!(kind(ask(&flow).await), TokenErrorKind::Busy { status: 503 });
    let error = ask(&flow).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Unreachable);
    assert!(error.is_transient() && std::error::Error::source(&error).is_some());
    assert_eq!(kind(ask(&flow).await), TokenErrorKind::Busy { status: 500 });
    assert_eq!(ask(&flow).await.unwrap().secret(), "t");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let authority = Authority::new(TENANT).unwrap().danger_with_http_host(&url).unwrap();
    let flow = ClientSecretFlow::new(Application::new(authority, CLIENT, direct()), SECRET);
    let error = ask(&flow).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Unreachable);
    assert!(!printed(&error).contains("s3cret"));
}

#[tokio::test]
async fn a_refusal_is_typed_and_shows_no_secret() {
    // What the provider says, plus what a hostile one could send back.
    let provider = Provider::start(|_, seen| {
        let description = format!(
            "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: {TENANT} you sent {}",
            seen.field("client_secret"),
        );
        Answer::error(401, "invalid_client", &description)
    })
    .await;
    let bearer = Bearer::new(secret_flow(&provider));
    let error = bearer.refresh(after(0)).await.unwrap_err();
    let token_error = TokenError::of(&error).unwrap();
    let TokenErrorKind::Refused { error: code, description } = token_error.kind() else {
        panic!("{token_error:?}")
    };
    assert_eq!(code, "invalid_client");
    assert!(!token_error.is_transient());
    let description = description.as_deref().unwrap();
    assert!(description.starts_with("AADSTS7000215: Invalid client secret provided."));
    assert!(description.contains(TENANT) && !description.contains(['\r', '\n']));
    let shown = printed(&error);
    assert!(!shown.contains(SECRET) && !shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("[redacted]"));
}

#[tokio::test]
async fn a_provider_that_lies() {
    const TOKEN: &str = "eyJ0aGlzIGlzIGEgdG9rZW4gdGhhdCBtdXN0IG5vdCBzaG93IHVw";
    type Case = (&'static str, fn() -> Answer);
    let answers: [Case; 17] = [
        ("garbage", || Answer::new(200, format!("{{{{{TOKEN}"))),
        ("a string", || Answer::new(200, format!("\"{TOKEN}\""))),
        ("empty", || Answer::new(200, "")),
        ("empty error", || Answer::new(400, "")),
        ("html", || Answer::new(200, "<p>Hi</p>").header("content-type", "text/html")),
        ("no token", || Answer::new(200, r#"{"token_type":"Bearer","expires_in":3599}"#)),
        ("no type", || Answer::new(200, format!(r#"{{"access_token":"{TOKEN}","expires_in":9}}"#))),
        ("other type", || token_with(r#""token_type":"mac","expires_in":3599"#)),
        ("pop type", || token_with(r#""token_type":"pop","expires_in":3599"#)),
        ("negative", || token_with(r#""token_type":"Bearer","expires_in":-5"#)),
        ("zero", || token_with(r#""token_type":"Bearer","expires_in":0"#)),
        ("no lifetime", || token_with(r#""token_type":"Bearer""#)),
        ("a token as lifetime", || {
            token_with(&format!(r#""token_type":"Bearer","expires_in":"{TOKEN}""#))
        }),
        ("header injection", || {
            let body = format!(
                r#"{{"access_token":"{TOKEN}\r\nx-ms-evil: 1","token_type":"Bearer","expires_in":9}}"#
            );
            Answer::new(200, body)
        }),
        ("redirect", || Answer::new(302, "").header("location", "http://127.0.0.1:1/")),
        ("unknown status", || Answer::new(418, format!("{{\"message\":\"{TOKEN}\"}}"))),
        ("huge", || {
            let filler = "x".repeat(4 * 1024 * 1024);
            token_with(&format!(r#""token_type":"Bearer","expires_in":9,"filler":"{filler}""#))
        }),
    ];
    fn token_with(fields: &str) -> Answer {
        Answer::new(200, format!(r#"{{"access_token":"{TOKEN}",{fields}}}"#))
    }
    let provider = Provider::start(move |number, _| answers[number].1()).await;
    let flow = secret_flow(&provider);
    for (name, _) in answers {
        let error = ask(&flow).await.expect_err(name);
        let shown = printed(&error);
        assert!(matches!(error.kind(), TokenErrorKind::InvalidAnswer { .. }), "{name}: {shown}");
        assert!(!error.is_transient());
        assert!(!shown.contains("eyJ0") && !shown.contains("s3cret"), "{name}: {shown}");
    }
    assert_eq!(provider.count(), answers.len());
}

#[tokio::test]
async fn absurd_lifetimes_do_not_last() {
    let provider = Provider::start(|number, _| {
        let body = format!(
            r#"{{"access_token":"t{number}","token_type":"BEARER","expires_in":{},"refresh_in":{}}}"#,
            u64::MAX,
            u64::MAX
        );
        Answer::new(200, body)
    })
    .await;
    let bearer = Bearer::new(secret_flow(&provider));
    bearer.refresh(after(0)).await.unwrap();
    bearer.refresh(after(24 * 60 * 60 - 1)).await.unwrap();
    assert_eq!(provider.count(), 1);
    bearer.refresh(after(24 * 60 * 60)).await.unwrap();
    assert_eq!(provider.count(), 2);
}

#[tokio::test]
async fn the_advice_when_to_renew_is_followed() {
    let provider = Provider::start(|number, _| {
        let body = format!(
            r#"{{"access_token":"t{number}","token_type":"Bearer","expires_in":86400,"refresh_in":43200}}"#
        );
        Answer::new(200, body)
    })
    .await;
    let bearer = Bearer::new(secret_flow(&provider));
    for (second, requests) in [(0, 1), (43_199, 1), (43_200, 2)] {
        bearer.refresh(after(second)).await.unwrap();
        assert_eq!(provider.count(), requests, "{second}");
    }
}

#[tokio::test]
async fn an_assertion_from_a_file_that_changes() {
    let provider = Provider::start(|_, _| Answer::token("t")).await;
    let file = std::env::temp_dir().join(format!("queue-auth-assertion-{}", std::process::id()));
    std::fs::write(&file, "first.assertion\n").unwrap();
    let flow = ClientAssertionFlow::from_file(application(&provider), &file);
    ask(&flow).await.unwrap();
    std::fs::write(&file, "second.assertion").unwrap();
    ask(&flow).await.unwrap();
    let seen = provider.seen();
    for (seen, assertion) in seen.iter().zip(["first.assertion", "second.assertion"]) {
        assert_eq!(seen.field("client_assertion"), assertion);
        assert_eq!(
            seen.field("client_assertion_type"),
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        assert_eq!(seen.field("grant_type"), "client_credentials");
        assert_eq!(seen.field("client_id"), CLIENT);
        assert_eq!(seen.field("scope"), SCOPE);
        assert_eq!(seen.form.len(), 5);
    }
    std::fs::write(&file, " \n").unwrap();
    assert!(matches!(kind(ask(&flow).await), TokenErrorKind::Setting { .. }));
    std::fs::write(&file, "x".repeat(100_000)).unwrap();
    assert_eq!(kind(ask(&flow).await), TokenErrorKind::Assertion);
    std::fs::remove_file(&file).unwrap();
    let error = ask(&flow).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Assertion);
    let cause = std::error::Error::source(&error).unwrap();
    let cause = cause.downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(cause.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(provider.count(), 2);
}

#[tokio::test]
async fn an_assertion_from_a_function() {
    let provider = Provider::start(|_, seen| {
        let echo = format!("AADSTS700024: assertion {} expired", seen.field("client_assertion"));
        Answer::error(401, "invalid_client", &echo)
    })
    .await;
    let works = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&works);
    let flow = ClientAssertionFlow::from_fn(application(&provider), move || {
        let works = asked.load(Ordering::SeqCst);
        async move { if works { Ok("short.secret".into()) } else { Err("no pipeline".into()) } }
    });
    let error = ask(&flow).await.unwrap_err();
    assert!(matches!(error.kind(), TokenErrorKind::Refused { .. }));
    assert!(!printed(&error).contains("short.secret"), "{error:?}");
    works.store(false, Ordering::SeqCst);
    let error = ask(&flow).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Assertion);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no pipeline");
}

fn challenge(tenant: &str) -> http::HeaderMap {
    let value = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
         resource_id=https://storage.azure.com"
    );
    http::HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, value.parse().unwrap())])
}

#[tokio::test]
async fn another_tenant_is_an_error_or_followed() {
    let by_tenant = |_, seen: &Seen| Answer::token(seen.path.split('/').nth(1).unwrap_or_default());
    let provider = Provider::start(by_tenant).await;
    let bearer = Bearer::new(secret_flow(&provider));
    bearer.refresh(after(0)).await.unwrap();
    bearer.authorize(&mut request(), after(0)).unwrap();
    assert!(bearer.rejected(&challenge(OTHER_TENANT)));
    let error = bearer.refresh(after(1)).await.unwrap_err();
    assert_eq!(
        *TokenError::of(&error).unwrap().kind(),
        TokenErrorKind::WrongTenant {
            configured: TENANT.to_owned(),
            discovered: OTHER_TENANT.to_owned()
        }
    );
    assert_eq!(provider.count(), 1);

    let authority = application(&provider).authority().clone().follow_discovered_tenant();
    let flow = ClientSecretFlow::new(Application::new(authority, CLIENT, direct()), SECRET);
    let bearer = Bearer::new(flow);
    bearer.refresh(after(0)).await.unwrap();
    bearer.authorize(&mut request(), after(0)).unwrap();
    assert!(bearer.rejected(&challenge(OTHER_TENANT)));
    bearer.refresh(after(1)).await.unwrap();
    let mut parts = request();
    bearer.authorize(&mut parts, after(1)).unwrap();
    assert_eq!(carried(&parts), OTHER_TENANT);
}

#[tokio::test]
async fn a_sovereign_cloud() {
    let provider = Provider::start(|_, _| Answer::token("t")).await;
    let authority =
        Authority::new(TENANT).unwrap().with_host("https://login.microsoftonline.us/").unwrap();
    let application = Application::new(authority, CLIENT, provider.redirected());
    ask(&ClientSecretFlow::new(application, SECRET)).await.unwrap();
    let seen = provider.seen();
    assert_eq!(seen[0].headers[oauth_server::MEANT_FOR], "login.microsoftonline.us");
    assert_eq!(seen[0].path, path(TENANT, "token"));
}

#[tokio::test]
async fn nothing_shows_the_secret() {
    let provider = Provider::start(|_, _| Answer::token("top-secret-token")).await;
    let bearer = Bearer::new(secret_flow(&provider));
    bearer.refresh(after(0)).await.unwrap();
    let flow = ClientAssertionFlow::from_fn(application(&provider), || async { Ok("a".into()) });
    let shown = format!("{bearer:?} {bearer:#?} {flow:?} {:?}", bearer.source());
    assert!(!shown.contains("s3cret") && !shown.contains("top-secret"), "{shown}");
    assert!(shown.contains(CLIENT) && shown.contains(TENANT));
}

#[tokio::test]
async fn many_threads_and_a_mixed_provider() {
    // Every second answer fails; the outcome for callers is a token or a typed error, and the
    // requests stay few.
    let provider =
        Provider::start(
            |number, _| {
                if number % 2 == 0 { Answer::new(500, "{}") } else { Answer::token("t") }
            },
        )
        .await;
    let bearer = Arc::new(Bearer::new(secret_flow(&provider)));
    let failures = Arc::new(AtomicUsize::new(0));
    let log = Arc::new(Mutex::new(Vec::new()));
    for second in 0..10 {
        for result in at_once(20, refreshes(&bearer, second)).await {
            if let Err(error) = result {
                failures.fetch_add(1, Ordering::SeqCst);
                log.lock().unwrap().push(printed(&error));
            }
        }
    }
    assert_eq!(provider.count(), 2);
    assert_eq!(failures.load(Ordering::SeqCst), 20);
    assert!(log.lock().unwrap().iter().all(|text| text.contains("status 500")));
}
