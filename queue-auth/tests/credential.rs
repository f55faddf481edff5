//! A shared access signature that changes while clients use it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use common::frozen;
use queue_auth::sas::{SasCredential, SasToken};
use queue_auth::{Anonymous, AuthError, Authorize, Both, BoxError};

const MINUTE: Duration = Duration::from_secs(60);

/// A token that expires so many minutes after the frozen time.
fn token(name: &str, minutes: u64) -> SasToken {
    let expiry = 20 + minutes;
    SasToken::parse(&format!("sv=2026-02-06&sp=r&se=2026-09-23T10:{expiry}:30Z&sig={name}"))
        .unwrap()
}

fn sent_at(credential: &impl Authorize, now: SystemTime) -> Result<String, AuthError> {
    let uri = "https://contoso.queue.core.windows.net/jobs?a=b";
    let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
    credential.authorize(&mut parts, now)?;
    Ok(parts.uri.query().unwrap().rsplit("sig=").next().unwrap().to_owned())
}

/// A source that counts its calls, takes its time and gives tokens of ten minutes.
fn counting(
    calls: &Arc<AtomicUsize>,
    fail: Arc<dyn Fn(usize) -> bool + Send + Sync>,
) -> SasCredential {
    let calls = Arc::clone(calls);
    SasCredential::from_fn(move |now| {
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        let fail = fail(call);
        let minutes = now.duration_since(frozen()).unwrap().as_secs() / 60 + 10;
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if fail {
                Err(BoxError::from("the broker is down"))
            } else {
                Ok(token(&format!("t{call}"), minutes))
            }
        })
    })
}

fn never() -> Arc<dyn Fn(usize) -> bool + Send + Sync> {
    Arc::new(|_| false)
}

#[test]
fn replaced_while_in_use() {
    let credential = Arc::new(SasCredential::new(token("old", 10)));
    let client: Arc<dyn Authorize> = Arc::clone(&credential) as _;
    assert_eq!(sent_at(&client, frozen()).unwrap(), "old");
    credential.replace(token("new", 10));
    assert_eq!(sent_at(&client, frozen()).unwrap(), "new");
    // An expired one is not sent; the service would only refuse it.
    let error = sent_at(&client, frozen() + 10 * MINUTE).unwrap_err();
    assert!(matches!(error, AuthError::NotReady { .. }), "{error}");
}

#[tokio::test]
async fn one_call_for_many_who_wait() {
    let calls = Arc::default();
    let credential = Arc::new(counting(&calls, never()));
    assert!(matches!(sent_at(&credential, frozen()), Err(AuthError::NotReady { .. })));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let credential = Arc::clone(&credential);
            tokio::spawn(async move {
                credential.refresh(frozen()).await.unwrap();
                sent_at(&credential, frozen()).unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "t1");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn renewed_ahead_and_the_others_go_on() {
    let calls = Arc::default();
    let credential = Arc::new(counting(&calls, never()).initial(token("first", 10)));
    credential.refresh(frozen() + 4 * MINUTE).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 0);

    let now = frozen() + 6 * MINUTE;
    let background = tokio::spawn({
        let credential = Arc::clone(&credential);
        async move { credential.refresh(now).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    // While one task renews, another does not wait.
    credential.refresh(now).await.unwrap();
    assert_eq!(sent_at(&credential, now).unwrap(), "first");
    background.await.unwrap().unwrap();
    assert_eq!(sent_at(&credential, now).unwrap(), "t1");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failures() {
    let calls = Arc::default();
    let credential =
        Arc::new(counting(&calls, Arc::new(|call| call < 3)).initial(token("first", 10)));
    // Still valid: the failure is nobody's, and it is not tried again at once.
    let now = frozen() + 6 * MINUTE;
    credential.refresh(now).await.unwrap();
    credential.refresh(now).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(sent_at(&credential, now).unwrap(), "first");

    // Expired: all who wait fail with one attempt.
    let now = frozen() + 11 * MINUTE;
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let credential = Arc::clone(&credential);
            tokio::spawn(async move { credential.refresh(now).await })
        })
        .collect();
    let mut causes = 0;
    for task in tasks {
        let error = task.await.unwrap().unwrap_err();
        causes += usize::from(std::error::Error::source(&error).is_some());
    }
    // All who waited know why.
    assert_eq!((calls.load(Ordering::SeqCst), causes), (2, 100));

    let now = now + 6 * Duration::from_secs(1);
    credential.refresh(now).await.unwrap();
    assert_eq!(sent_at(&credential, now).unwrap(), "t3");
}

#[tokio::test]
async fn a_renewal_that_is_dropped_is_taken_up_again() {
    let calls = Arc::default();
    let credential = counting(&calls, never()).initial(token("first", 10));
    let now = frozen() + 6 * MINUTE;
    {
        let mut dropped = credential.refresh(now);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
    }
    credential.refresh(now).await.unwrap();
    assert_eq!(
        (calls.load(Ordering::SeqCst), sent_at(&credential, now).unwrap()),
        (2, "t2".into())
    );
}

#[tokio::test]
async fn short_tokens_are_renewed_half_way() {
    // They end sooner than the time by which renewals are ahead, and are not fetched for each request.
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let credential = SasCredential::from_fn(move |now| {
        counted.fetch_add(1, Ordering::SeqCst);
        let minutes = now.duration_since(frozen()).unwrap().as_secs() / 60 + 4;
        Box::pin(async move { Ok(token("short", minutes)) })
    });
    for (seconds, expected) in [(0, 1), (60, 1), (119, 1), (120, 2), (200, 2)] {
        credential.refresh(frozen() + Duration::from_secs(seconds)).await.unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), expected, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_source_that_gives_expired_tokens() {
    let credential = SasCredential::from_fn(|_| Box::pin(async { Ok(token("old", 0)) }));
    let error = credential.refresh(frozen() + MINUTE).await.unwrap_err();
    assert!(matches!(error, AuthError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn one_who_gives_up_does_not_block_the_others() {
    let calls = Arc::default();
    let credential = Arc::new(counting(&calls, never()));
    let start = || {
        let credential = Arc::clone(&credential);
        tokio::spawn(async move { credential.refresh(frozen()).await })
    };
    let (first, second, third) = (start(), start(), start());
    tokio::task::yield_now().await;
    first.abort();
    second.abort();
    third.await.unwrap().unwrap();
    assert!(sent_at(&credential, frozen()).is_ok());
}

#[tokio::test]
async fn both_or_none() {
    let both = Both::new(token("a", 10), SasCredential::new(token("b", 1)));
    assert_eq!(sent_at(&both, frozen()).unwrap(), "b");
    let uri = "https://contoso.queue.core.windows.net/jobs";
    let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
    let before = parts.clone();
    both.authorize(&mut parts, frozen() + 5 * MINUTE).unwrap_err();
    assert_eq!((&parts.uri, &parts.headers), (&before.uri, &before.headers));
    both.refresh(frozen()).await.unwrap();
    assert!(!both.requires_tls() && !both.rejected(&parts.headers));

    Anonymous.authorize(&mut parts, frozen()).unwrap();
    assert_eq!((&parts.uri, &parts.headers), (&before.uri, &before.headers));
}
