//! What a rejection and a challenge do to the token that is held.

use http::header::WWW_AUTHENTICATE;

use super::*;
use crate::bearer::error::TokenErrorKind;
use crate::renew::stock::Readiness;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

fn token(name: &str, expires: u64) -> AccessToken {
    AccessToken::new(name, at(expires)).unwrap()
}

fn with_token(expires: u64) -> Cache {
    let mut cache = Cache::new(Audience::storage());
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Ok(token("first", expires)), at(0)));
    cache
}

fn readiness(cache: &mut Cache, now: SystemTime) -> Readiness<TokenError> {
    cache.stock().readiness(now)
}

fn challenge(tenant: &str, resource: &str) -> HeaderMap {
    let value = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize \
         resource_id={resource}"
    );
    HeaderMap::from_iter([(WWW_AUTHENTICATE, value.parse().unwrap())])
}

#[test]
fn a_token_is_given_out_while_it_holds() {
    let mut cache = with_token(3600);
    assert!(cache.use_token(None, at(3599)).is_some());
    assert!(cache.use_token(None, at(3600)).is_none());
    assert!(matches!(readiness(&mut cache, at(3600)), Readiness::Missing));
}

#[test]
fn pauses_that_the_provider_asks_for() {
    let mut cache = with_token(10);
    let busy = TokenError::new(TokenErrorKind::Busy { status: 503 });
    let ticket = cache.ticket();
    let result = Err(busy.with_retry_after(Duration::from_secs(30)));
    assert!(cache.finish(&ticket, result, at(20)));
    assert!(matches!(readiness(&mut cache, at(49)), Readiness::Failed(_)));
    assert!(matches!(readiness(&mut cache, at(50)), Readiness::Missing));
    // A token that had expired when it came is a failure too.
    assert!(cache.finish(&ticket, Ok(token("late", 60)), at(60)));
    assert!(cache.failure().unwrap().to_string().contains("had expired when it came"));
}

#[test]
fn one_rejection_replaces_one_token() {
    let mut cache = with_token(36_000);
    assert!(cache.use_token(None, at(10)).is_some());
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(readiness(&mut cache, at(10)), Readiness::Missing));
    assert!(cache.rejected(&HeaderMap::new()));
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Ok(token("second", 36_000)), at(11)));
    // Late news about the first token do not cost the second.
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(cache.use_token(None, at(12)).is_some());
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(readiness(&mut cache, at(12)), Readiness::Ready));
    assert!(cache.use_token(None, at(41)).is_some());
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(readiness(&mut cache, at(41)), Readiness::Missing));
}

#[test]
fn late_news_of_a_renewed_token_do_not_cost_the_next() {
    let mut cache = with_token(3600);
    assert!(cache.use_token(None, at(3400)).is_some());
    let ticket = cache.ticket();
    assert!(cache.finish(&ticket, Ok(token("second", 7200)), at(3400)));
    assert!(cache.rejected(&HeaderMap::new()));
    assert!(matches!(readiness(&mut cache, at(3400)), Readiness::Ready));
}

#[test]
fn a_challenge_is_followed_once() {
    let mut cache = with_token(36_000);
    let old = cache.ticket();
    assert!(cache.use_token(None, at(1)).is_some());
    assert!(cache.rejected(&challenge("A.example", "https://storage.azure.com")));
    assert_eq!(cache.ticket().request.tenant(), Some("a.example"));
    assert_eq!(cache.ticket().request.scope(), "https://storage.azure.com/.default");
    assert!(!cache.finish(&old, Ok(token("stale", 36_000)), at(2)));
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
