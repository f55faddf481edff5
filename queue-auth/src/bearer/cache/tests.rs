use http::header::WWW_AUTHENTICATE;

use super::*;
use crate::bearer::TokenErrorKind;

const AHEAD: Duration = Duration::from_secs(300);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

fn token(name: &str, expires: u64) -> AccessToken {
    AccessToken::new(name, at(expires)).unwrap()
}

fn with_token(expires: u64) -> Cache {
    let mut cache = Cache::new(Audience::storage());
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Ok(token("first", expires)), AHEAD, at(0)));
    cache
}

fn fail(cache: &mut Cache, now: u64, retry_after: Option<u64>) {
    let mut error = TokenError::new(TokenErrorKind::Busy { status: 503 });
    if let Some(seconds) = retry_after {
        error = error.with_retry_after(Duration::from_secs(seconds));
    }
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Err(error), AHEAD, at(now)));
}

fn challenge(tenant: &str, resource: &str) -> HeaderMap {
    let value = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
         resource_id={resource}"
    );
    HeaderMap::from_iter([(WWW_AUTHENTICATE, value.parse().unwrap())])
}

#[test]
fn fresh_due_and_gone() {
    let mut cache = with_token(3600);
    assert!(matches!(cache.readiness(at(0)), Readiness::Ready));
    assert!(matches!(cache.readiness(at(3299)), Readiness::Ready));
    assert!(matches!(cache.readiness(at(3300)), Readiness::Due));
    cache.set_renewing(true);
    assert!(matches!(cache.readiness(at(3300)), Readiness::Ready));
    assert!(matches!(cache.readiness(at(3600)), Readiness::Missing));
    assert!(cache.use_token(None, at(3599)).is_some());
    assert!(cache.use_token(None, at(3600)).is_none());
}

#[test]
fn when_a_token_is_renewed() {
    let time = |expires| refresh_time(&token("t", expires), AHEAD, at(0));
    assert_eq!(time(3600), at(3300));
    assert_eq!(time(600), at(300));
    assert_eq!(time(60), at(30));
    assert_eq!(time(u64::from(u32::MAX)), at(24 * 60 * 60));
    let advised = |advice| refresh_time(&token("t", 3600).refresh_at(at(advice)), AHEAD, at(0));
    assert_eq!(advised(1800), at(1800));
    assert_eq!(advised(3500), at(3300));
    assert_eq!(advised(0), at(3300));
}

#[test]
fn failures_pause_longer_and_longer() {
    let pauses: Vec<u64> = (0..9).map(|n| pause_after(n, None).as_secs()).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(pause_after(u32::MAX, None), LONGEST_PAUSE);
    assert_eq!(pause_after(0, Some(Duration::from_secs(90))).as_secs(), 90);
    assert_eq!(pause_after(6, Some(Duration::from_secs(5))).as_secs(), 60);
    assert_eq!(pause_after(0, Some(Duration::MAX)), LONGEST_RETRY_AFTER);

    let mut cache = Cache::new(Audience::storage());
    fail(&mut cache, 0, None);
    assert!(matches!(cache.readiness(at(0)), Readiness::Failed(_)));
    assert!(matches!(cache.readiness(at(1)), Readiness::Missing));
    fail(&mut cache, 1, Some(30));
    assert!(matches!(cache.readiness(at(30)), Readiness::Failed(_)));
    assert!(matches!(cache.readiness(at(31)), Readiness::Missing));
    // A clock that was set back must not stretch the pause.
    assert!(matches!(cache.readiness(at(0)), Readiness::Missing));
}

#[test]
fn a_failed_renewal_leaves_the_old_token() {
    let mut cache = with_token(3600);
    fail(&mut cache, 3400, None);
    assert!(matches!(cache.readiness(at(3400)), Readiness::Ready));
    assert!(matches!(cache.readiness(at(3401)), Readiness::Due));
    assert!(cache.use_token(None, at(3401)).is_some());
}

#[test]
fn one_rejection_replaces_one_token() {
    let mut cache = with_token(36_000);
    assert!(cache.use_token(None, at(10)).is_some());
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(cache.readiness(at(10)), Readiness::Missing));
    assert!(cache.rejected(&HeaderMap::new()));
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Ok(token("second", 36_000)), AHEAD, at(11)));
    // Late news about the first token do not cost the second.
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(cache.use_token(None, at(12)).is_some());
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(cache.readiness(at(12)), Readiness::Ready));
    assert!(cache.use_token(None, at(41)).is_some());
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(cache.readiness(at(41)), Readiness::Missing));
}

#[test]
fn late_news_of_a_renewed_token_do_not_cost_the_next() {
    let mut cache = with_token(3600);
    assert!(cache.use_token(None, at(3400)).is_some());
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Ok(token("second", 7200)), AHEAD, at(3400)));
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(cache.readiness(at(3400)), Readiness::Ready));
}

#[test]
fn a_challenge_is_followed_once() {
    let mut cache = with_token(36_000);
    let old = cache.ticket();
    assert!(cache.use_token(None, at(1)).is_some());
    assert!(cache.rejected(&challenge("A.example", "https://storage.azure.com")));
    assert_eq!(cache.ticket().request.tenant(), Some("a.example"));
    assert_eq!(cache.ticket().request.scope(), "https://storage.azure.com/.default");
    assert!(!cache.finish(&old, Ok(token("stale", 36_000)), AHEAD, at(2)));
    assert!(cache.rejected(&challenge("b.example", "https://storage.azure.com")));
    assert_eq!(cache.ticket().request.tenant(), Some("a.example"));
}

#[test]
fn a_hostile_challenge_changes_nothing() {
    let mut cache = with_token(36_000);
    let target = "contoso.queue.core.windows.net".parse().unwrap();
    assert!(cache.use_token(Some(&target), at(1)).is_some());
    for resource in ["https://vault.azure.net", "https://fabrikam.queue.core.windows.net"] {
        assert!(!cache.follow(&challenge("evil.example", resource)), "{resource}");
        assert_eq!(cache.ticket().request, TokenRequest::new(Audience::storage().scope()));
    }
    assert!(cache.follow(&challenge("a.example", "https://contoso.queue.core.windows.net/")));
    let request = cache.ticket().request;
    assert_eq!(request.scope(), "https://contoso.queue.core.windows.net/.default");
}
