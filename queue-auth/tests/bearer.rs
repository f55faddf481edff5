//! The authorizer with scripted sources: one fetch for many callers, renewal without a pause, and
//! no storm, whatever fails.

#![cfg(feature = "aad")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use queue_auth::bearer::{
    AccessToken, Audience, Chain, TokenError, TokenErrorKind, TokenRequest, TokenSource, source_fn,
};
use queue_auth::sas::SasToken;
use queue_auth::{AuthError, Authorize, Bearer, Both};
use tokio::time::{sleep, timeout};

const SLOW: Duration = Duration::from_millis(50);

/// Long enough that only a task that hangs reaches it.
const HANGS: Duration = Duration::from_secs(20);

fn after(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_158_830 + seconds)
}

fn parts(uri: &str) -> http::request::Parts {
    http::Request::get(uri).header("x-ms-version", "2026-02-06").body(()).unwrap().into_parts().0
}

const JOBS: &str = "https://contoso.queue.core.windows.net/jobs/messages";

/// The token that `bearer` puts into a request.
fn used<S: TokenSource + 'static>(bearer: &Bearer<S>, now: SystemTime) -> Option<String> {
    let mut parts = parts(JOBS);
    bearer.authorize(&mut parts, now).ok()?;
    Some(parts.headers[AUTHORIZATION].to_str().unwrap().to_owned())
}

/// Tokens `t0`, `t1`, ... that live for an hour, each after `SLOW`; counted.
fn slow_source() -> (impl TokenSource + 'static, Arc<AtomicUsize>) {
    scripted(|_, _| Ok(3600))
}

/// The result of the fetch with a number, from 0, at a time: the lifetime of the token.
fn scripted(
    script: impl Fn(usize, SystemTime) -> Result<u64, TokenError> + Send + Sync + 'static,
) -> (impl TokenSource + 'static, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let source = source_fn(move |_request, now| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let result = script(number, now);
        async move {
            sleep(SLOW).await;
            let lifetime = Duration::from_secs(result?);
            Ok(AccessToken::issued(format!("t{number}"), now, lifetime)?)
        }
    });
    (source, count)
}

fn busy() -> TokenError {
    TokenError::new(TokenErrorKind::Busy { status: 503 })
}

async fn all<T: Send + 'static>(
    count: usize,
    make: impl Fn() -> queue_auth::BoxFuture<'static, T>,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(make())).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(timeout(HANGS, task).await.unwrap().unwrap());
    }
    results
}

/// What a future gives at its first poll: that is, without a pause.
fn polled<T>(future: &mut queue_auth::BoxFuture<'_, T>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn refreshes<S: TokenSource + 'static>(
    bearer: &Arc<Bearer<S>>,
    now: SystemTime,
) -> impl Fn() -> queue_auth::BoxFuture<'static, Result<(), AuthError>> {
    let bearer = Arc::clone(bearer);
    move || {
        let bearer = Arc::clone(&bearer);
        Box::pin(async move { bearer.refresh(now).await })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_share_one_fetch() {
    let (source, count) = slow_source();
    let bearer = Arc::new(Bearer::new(source));
    assert!(matches!(
        bearer.authorize(&mut parts(JOBS), after(0)),
        Err(AuthError::NotReady { .. })
    ));
    let results = all(100, refreshes(&bearer, after(0))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(used(&bearer, after(0)).as_deref(), Some("Bearer t0"));
    assert_eq!(bearer.expires_at(), Some(after(3600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_share_one_error() {
    let (source, count) = scripted(|_, _| Err(busy()));
    let bearer = Arc::new(Bearer::new(source));
    for result in all(100, refreshes(&bearer, after(0))).await {
        let error = result.unwrap_err();
        let token_error = TokenError::of(&error).unwrap();
        assert_eq!(*token_error.kind(), TokenErrorKind::Busy { status: 503 });
        assert!(token_error.is_transient());
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(bearer.last_failure().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_different_times_share_too() {
    // Those that wait come with later times than the one that fetches, past its pause.
    let (source, count) = scripted(|_, _| Err(busy()));
    let bearer = Arc::new(Bearer::new(source));
    let first = tokio::spawn(refreshes(&bearer, after(0))());
    while count.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let others = all(20, refreshes(&bearer, after(500))).await;
    assert!(first.await.unwrap().is_err());
    assert!(others.iter().all(Result::is_err));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn only_the_task_that_renews_waits() {
    let (source, count) = slow_source();
    let bearer = Arc::new(Bearer::new(source));
    bearer.refresh(after(0)).await.unwrap();
    let renews = {
        let mut renews = bearer.refresh(after(3400));
        assert!(polled(&mut renews).is_none());
        renews
    };
    for _ in 0..100 {
        polled(&mut bearer.refresh(after(3400))).unwrap().unwrap();
        assert_eq!(used(&bearer, after(3400)).as_deref(), Some("Bearer t0"));
    }
    renews.await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(used(&bearer, after(3400)).as_deref(), Some("Bearer t1"));
}

#[tokio::test]
async fn nobody_waits_for_a_renewal_in_the_background() {
    let (source, count) = slow_source();
    let spawned = Arc::new(AtomicUsize::new(0));
    let tasks = Arc::clone(&spawned);
    let bearer = Arc::new(Bearer::new(source).in_background(move |renewal| {
        tasks.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(renewal);
    }));
    bearer.refresh(after(0)).await.unwrap();
    for _ in 0..100 {
        polled(&mut bearer.refresh(after(3400))).unwrap().unwrap();
        assert_eq!(used(&bearer, after(3400)).as_deref(), Some("Bearer t0"));
    }
    while bearer.expires_at() == Some(after(3600)) {
        sleep(SLOW / 5).await;
    }
    assert_eq!((spawned.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, 2));
    assert_eq!(used(&bearer, after(3400)).as_deref(), Some("Bearer t1"));
}

#[tokio::test]
async fn a_renewal_that_fails_does_not_show() {
    let (source, count) = scripted(|number, _| if number == 0 { Ok(3600) } else { Err(busy()) });
    let bearer = Bearer::new(source);
    bearer.refresh(after(0)).await.unwrap();
    // One request each second, from the time to renew to the end of the token.
    for second in 3300..3600 {
        bearer.refresh(after(second)).await.unwrap();
        assert_eq!(used(&bearer, after(second)).as_deref(), Some("Bearer t0"));
    }
    // Pauses of 1, 2, 4, 8, 16, 32, 60, 60 and 60 seconds lie between the renewals.
    assert_eq!(count.load(Ordering::SeqCst), 1 + 10);
    assert_eq!(*bearer.last_failure().unwrap().kind(), TokenErrorKind::Busy { status: 503 });
    assert!(bearer.refresh(after(3600)).await.is_err());
    assert_eq!(used(&bearer, after(3600)), None);
}

#[tokio::test]
async fn no_storm_while_fetching_fails() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let bearer = Bearer::new(source_fn(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Err(TokenError::new(TokenErrorKind::Unreachable)) }
    }));
    // A request every tenth of a second for an hour.
    for tenth in 0..36_000 {
        assert!(bearer.refresh(after(0) + Duration::from_millis(100 * tenth)).await.is_err());
    }
    let fetches = count.load(Ordering::SeqCst);
    assert!((60..=66).contains(&fetches), "{fetches}");
}

#[tokio::test]
async fn no_sooner_than_the_provider_asks() {
    let (source, count) = scripted(|number, _| match number {
        0 => Err(busy().with_retry_after(Duration::from_secs(120))),
        _ => Ok(3600),
    });
    let bearer = Bearer::new(source);
    for second in 0..120 {
        let error = bearer.refresh(after(second)).await.unwrap_err();
        let delay = TokenError::of(&error).unwrap().retry_after();
        assert_eq!(delay, Some(Duration::from_secs(120)));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    bearer.refresh(after(120)).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_storm_while_the_service_rejects() {
    let (source, count) = slow_source();
    let bearer = Bearer::new(source);
    let challenge = HeaderMap::new();
    // Ten minutes, a request each second, and one more attempt after each 401.
    for second in 0..600 {
        for _ in 0..2 {
            bearer.refresh(after(second)).await.unwrap();
            assert!(used(&bearer, after(second)).is_some());
            bearer.rejected(&challenge);
        }
    }
    assert_eq!(count.load(Ordering::SeqCst), 1 + 20);
}

#[tokio::test]
async fn a_hundred_rejections_of_one_token_cost_one_fetch() {
    let (source, count) = slow_source();
    let bearer = Arc::new(Bearer::new(source));
    let calls = {
        let bearer = Arc::clone(&bearer);
        move || -> queue_auth::BoxFuture<'static, ()> {
            let bearer = Arc::clone(&bearer);
            Box::pin(async move {
                bearer.refresh(after(0)).await.unwrap();
                let first = used(&bearer, after(0)).unwrap();
                tokio::task::yield_now().await;
                if first == "Bearer t0" {
                    assert!(bearer.rejected(&HeaderMap::new()));
                    bearer.refresh(after(1)).await.unwrap();
                    assert_eq!(used(&bearer, after(1)).as_deref(), Some("Bearer t1"));
                }
            })
        }
    };
    all(100, calls).await;
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_trace() {
    let (source, count) = slow_source();
    let bearer = Arc::new(Bearer::new(source));
    let waiting = tokio::spawn(refreshes(&bearer, after(0))());
    assert!(timeout(SLOW / 5, bearer.refresh(after(0))).await.is_err());
    assert!(timeout(HANGS, waiting).await.unwrap().unwrap().is_ok());
    // A renewal that is given up is taken on by the next.
    assert!(timeout(SLOW / 5, bearer.refresh(after(3400))).await.is_err());
    drop(bearer.refresh(after(3400)));
    timeout(HANGS, bearer.refresh(after(3400))).await.unwrap().unwrap();
    let last = count.load(Ordering::SeqCst) - 1;
    assert_eq!(used(&bearer, after(3400)), Some(format!("Bearer t{last}")));
    assert!(bearer.last_failure().is_none());
}

#[tokio::test]
async fn a_source_that_returns_one_token_until_it_ends() {
    // As managed identities do.
    let (source, count) = scripted(|_, now| {
        Ok(after(86_400).duration_since(now).map_or(86_400, |left| left.as_secs()))
    });
    let bearer = Bearer::new(source);
    for second in (0..86_400).step_by(10) {
        bearer.refresh(after(second)).await.unwrap();
    }
    let fetches = count.load(Ordering::SeqCst);
    assert!(fetches <= 10, "{fetches}");
}

#[tokio::test]
async fn a_token_that_comes_expired_is_an_error() {
    let (source, count) = scripted(|_, _| Ok(0));
    let bearer = Bearer::new(source);
    for _ in 0..5 {
        let error = bearer.refresh(after(0)).await.unwrap_err();
        let kind = TokenError::of(&error).unwrap().kind().clone();
        assert!(matches!(kind, TokenErrorKind::InvalidAnswer { .. }));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let given = Bearer::new(AccessToken::new("t", after(10)).unwrap());
    given.refresh(after(0)).await.unwrap();
    let error = given.refresh(after(10)).await.unwrap_err();
    assert!(error.to_string().starts_with("no credential obtained"));
    assert!(TokenError::of(&error).unwrap().to_string().contains("expired at"), "{error:?}");
}

fn challenge(tenant: &str, resource: &str) -> HeaderMap {
    let value = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
         resource_id={resource}"
    );
    HeaderMap::from_iter([(WWW_AUTHENTICATE, value.parse().unwrap())])
}

/// A source whose tokens name what they were asked for.
fn echoing() -> impl TokenSource + 'static {
    source_fn(|request: TokenRequest, now| async move {
        sleep(SLOW).await;
        let host = request.scope().replace("https://", "").replace(['/', ':'], "-");
        let name = format!("{}~{host}", request.tenant().unwrap_or("home"));
        Ok(AccessToken::issued(name, now, Duration::from_secs(3600))?)
    })
}

#[tokio::test]
async fn a_challenge_is_followed() {
    let bearer = Arc::new(Bearer::new(echoing()));
    bearer.refresh(after(0)).await.unwrap();
    let token = used(&bearer, after(0)).unwrap();
    assert_eq!(token, "Bearer home~storage.azure.com-.default");
    assert!(bearer.rejected(&challenge("fabrikam.com", "https://storage.azure.com")));
    assert_eq!(bearer.discovered_tenant().as_deref(), Some("fabrikam.com"));
    bearer.refresh(after(1)).await.unwrap();
    let token = used(&bearer, after(1)).unwrap();
    assert_eq!(token, "Bearer fabrikam.com~storage.azure.com-.default");
    // Once.
    assert!(bearer.rejected(&challenge("other.com", "https://storage.azure.com")));
    bearer.refresh(after(2)).await.unwrap();
    assert_eq!(bearer.discovered_tenant().as_deref(), Some("fabrikam.com"));
}

#[tokio::test]
async fn a_challenge_that_overtakes_a_fetch_counts() {
    let bearer = Arc::new(Bearer::new(echoing()));
    let refresh = tokio::spawn(refreshes(&bearer, after(0))());
    sleep(SLOW / 5).await;
    assert!(bearer.rejected(&challenge("fabrikam.com", "https://storage.azure.com")));
    refresh.await.unwrap().unwrap();
    let token = used(&bearer, after(0)).unwrap();
    assert_eq!(token, "Bearer fabrikam.com~storage.azure.com-.default");
}

#[tokio::test]
async fn a_hostile_challenge_gets_no_token_for_elsewhere() {
    for resource in ["https://vault.azure.net", "https://graph.microsoft.com", "*"] {
        let bearer = Bearer::new(echoing());
        bearer.refresh(after(0)).await.unwrap();
        assert!(used(&bearer, after(0)).is_some());
        bearer.rejected(&challenge("evil.example", resource));
        bearer.refresh(after(1)).await.unwrap();
        let token = used(&bearer, after(1)).unwrap();
        assert_eq!(token, "Bearer home~storage.azure.com-.default", "{resource}");
    }
    let account = Audience::account("https://contoso.queue.core.windows.net").unwrap();
    let bearer = Bearer::new(echoing()).with_audience(account);
    bearer.refresh(after(0)).await.unwrap();
    bearer.rejected(&challenge("a.example", "https://storage.azure.com"));
    bearer.refresh(after(1)).await.unwrap();
    let token = used(&bearer, after(1)).unwrap();
    assert_eq!(token, "Bearer a.example~contoso.queue.core.windows.net-.default");
}

#[tokio::test]
async fn clear_text_only_when_told() {
    let token = AccessToken::new("t", after(10)).unwrap();
    let plain = "http://127.0.0.1:10001/devstoreaccount1/jobs";
    let bearer = Bearer::new(token.clone());
    bearer.refresh(after(0)).await.unwrap();
    assert!(bearer.requires_tls());
    let mut request = parts(plain);
    let error = bearer.authorize(&mut request, after(0)).unwrap_err();
    assert!(matches!(error, AuthError::ClearText), "{error}");
    assert_eq!(request.headers.len(), 1);
    bearer.authorize(&mut parts(JOBS), after(0)).unwrap();

    let bearer = Bearer::new(token).danger_allow_http();
    bearer.refresh(after(0)).await.unwrap();
    assert!(!bearer.requires_tls());
    bearer.authorize(&mut request, after(0)).unwrap();
    assert_eq!(request.headers[AUTHORIZATION], "Bearer t");
    assert_eq!(request.headers["x-ms-date"], httpdate::fmt_http_date(after(0)));
}

#[tokio::test]
async fn authorizing_again_replaces() {
    let (source, _) = slow_source();
    let bearer = Bearer::new(source);
    let mut request = parts(JOBS);
    let before = request.uri.clone();
    for second in [0, 3400] {
        bearer.refresh(after(second)).await.unwrap();
        bearer.authorize(&mut request, after(second)).unwrap();
    }
    assert_eq!(request.headers.get_all(AUTHORIZATION).iter().count(), 1);
    assert_eq!(request.headers[AUTHORIZATION], "Bearer t1");
    assert_eq!(request.headers.len(), 3);
    assert_eq!(request.uri, before);
    // On failure, nothing changes.
    let headers = request.headers.clone();
    assert!(bearer.authorize(&mut request, after(100_000)).is_err());
    assert_eq!(request.headers, headers);
}

#[tokio::test]
async fn together_with_a_signature_bound_to_a_user() {
    let signature = "sv=2026-02-06&sduoid=7b795fb9-09d3-42f4-a494-38864f99ba3c&sig=c2lnbmF0dXJl";
    let sas = SasToken::parse(signature).unwrap();
    let (source, count) = slow_source();
    let both = Both::new(Bearer::new(source), sas);
    let mut request = parts("https://contoso.queue.core.windows.net/jobs/messages?numofmessages=2");
    let untouched = request.clone();
    assert!(both.authorize(&mut request, after(0)).is_err());
    assert_eq!((&request.uri, &request.headers), (&untouched.uri, &untouched.headers));
    both.refresh(after(0)).await.unwrap();
    both.authorize(&mut request, after(0)).unwrap();
    assert_eq!(request.headers[AUTHORIZATION], "Bearer t0");
    assert_eq!(request.uri.query(), Some(&*format!("numofmessages=2&{signature}")));
    assert!(both.requires_tls());
    assert!(both.rejected(&HeaderMap::new()));
    both.refresh(after(1)).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_chain_stays_with_what_worked() {
    let (failing, failed) = scripted(|number, _| if number < 2 { Err(busy()) } else { Ok(60) });
    let (working, worked) = scripted(|_, _| Ok(60));
    let (unused, never) = slow_source();
    let chain = Chain::new(failing).or(working).or(unused);
    let request = TokenRequest::new("scope");
    for _ in 0..3 {
        chain.token(&request, after(0)).await.unwrap();
    }
    let counts = [&failed, &worked, &never].map(|count| count.load(Ordering::SeqCst));
    assert_eq!(counts, [1, 3, 0]);
    let (failing, _) = scripted(|_, _| Err(busy()));
    let error = Chain::new(failing).token(&request, after(0)).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Busy { status: 503 });
}

#[tokio::test]
async fn nothing_shows_the_token() {
    let secret = "eyJ0eXAiOiJKV1Qi.top-secret.c2ln";
    let token = AccessToken::new(secret, after(10)).unwrap();
    let bearer = Arc::new(Bearer::new(token.clone()));
    bearer.refresh(after(0)).await.unwrap();
    let mut request = parts(JOBS);
    bearer.authorize(&mut request, after(0)).unwrap();
    let chain = Chain::new(token.clone());
    let error = bearer.refresh(after(10)).await.unwrap_err();
    let shown = format!("{token:?} {bearer:#?} {request:?} {chain:?} {error:?} {error}");
    assert!(!shown.contains("secret") && !shown.contains("eyJ0"), "{shown}");
    assert!(shown.contains("https://storage.azure.com/.default"));
}
