//! The rules of the token cache, over an injected time and without IO.

use std::time::{Duration, SystemTime};

use http::uri::Authority;
use http::{HeaderMap, HeaderValue};

use super::{AccessToken, Audience, Challenge, TokenError, TokenRequest};

/// A token is used for no longer than this without asking again, whatever it claims. The longest
/// that the provider issues, those of managed identities, hold about a day.
const LONGEST_USE: Duration = Duration::from_secs(24 * 60 * 60);

/// No sooner than this after a rejected token was replaced, a rejection counts again. Without it, a
/// service that refuses every token would have one fetched for each request.
const REJECTION_PAUSE: Duration = Duration::from_secs(30);

/// Pause after the first failed fetch; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause after a failed fetch that the provider did not ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Longest pause that the provider can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

/// What a caller that wants to send has to do.
#[derive(Debug)]
pub(super) enum Readiness {
    /// Nothing.
    Ready,
    /// The token still holds but should be renewed, and nobody does so yet.
    Due,
    /// Wait for a fetch.
    Missing,
    /// Give up: a fetch failed, and it is too soon for the next.
    Failed(TokenError),
}

/// Which state of the cache a fetch was started in.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) request: TokenRequest,
    epoch: u64,
}

/// One token, and what is known about the next.
#[derive(Debug)]
pub(super) struct Cache {
    audience: Audience,
    tenant: Option<String>,
    /// Counts changes of audience and tenant.
    epoch: u64,
    /// Counts ended fetches.
    fetches: u64,
    held: Option<Held>,
    failure: Option<Failure>,
    /// Someone renews a token that still holds.
    renewing: bool,
    followed: bool,
    replaced_at: Option<SystemTime>,
    /// `rejected` is not told the time; the last one heard of stands in.
    last_seen: Option<SystemTime>,
    target: Option<Authority>,
}

#[derive(Debug)]
struct Held {
    token: AccessToken,
    refresh_at: SystemTime,
    used: bool,
    rejected: bool,
}

#[derive(Debug)]
struct Failure {
    error: TokenError,
    in_a_row: u32,
    at: SystemTime,
    until: SystemTime,
}

impl Cache {
    pub(super) fn new(audience: Audience) -> Self {
        Self {
            audience,
            tenant: None,
            epoch: 0,
            fetches: 0,
            held: None,
            failure: None,
            renewing: false,
            followed: false,
            replaced_at: None,
            last_seen: None,
            target: None,
        }
    }

    pub(super) fn set_audience(&mut self, audience: Audience) {
        self.audience = audience;
        self.epoch += 1;
    }

    pub(super) fn audience(&self) -> &Audience {
        &self.audience
    }

    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    pub(super) fn token(&self) -> Option<&AccessToken> {
        self.held.as_ref().map(|held| &held.token)
    }

    pub(super) fn failure(&self) -> Option<&TokenError> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    pub(super) fn fetches(&self) -> u64 {
        self.fetches
    }

    /// What to do before a request at `now`.
    pub(super) fn readiness(&mut self, now: SystemTime) -> Readiness {
        self.last_seen = Some(now);
        let paused =
            self.failure.as_ref().filter(|failure| failure.at <= now && now < failure.until);
        match &self.held {
            Some(held) if held.token.is_valid_at(now) && !held.rejected => {
                if now < held.refresh_at || self.renewing || paused.is_some() {
                    Readiness::Ready
                } else {
                    Readiness::Due
                }
            }
            _ => paused
                .map_or(Readiness::Missing, |failure| Readiness::Failed(failure.error.clone())),
        }
    }

    pub(super) fn set_renewing(&mut self, renewing: bool) {
        self.renewing = renewing;
    }

    /// The header for a request to `target`, if a token holds at `now`. One that was rejected is
    /// still given out: it may have been so after the caller made sure that there is one.
    pub(super) fn use_token(
        &mut self,
        target: Option<&Authority>,
        now: SystemTime,
    ) -> Option<HeaderValue> {
        self.last_seen = Some(now);
        let held = self.held.as_mut().filter(|held| held.token.is_valid_at(now))?;
        held.used = true;
        if target.is_some() && target != self.target.as_ref() {
            self.target = target.cloned();
        }
        Some(held.token.header())
    }

    pub(super) fn ticket(&self) -> Ticket {
        let request = TokenRequest::new(self.audience.scope());
        let request = match self.tenant() {
            Some(tenant) => request.with_tenant(tenant),
            None => request,
        };
        Ticket { request, epoch: self.epoch }
    }

    /// Takes the result of a fetch that was started with `ticket`; `ahead` is how long before its
    /// end a token is renewed. `false` when audience or tenant changed meanwhile, so that the
    /// result is of no use.
    pub(super) fn finish(
        &mut self,
        ticket: &Ticket,
        result: Result<AccessToken, TokenError>,
        ahead: Duration,
        now: SystemTime,
    ) -> bool {
        if ticket.epoch != self.epoch {
            return false;
        }
        self.fetches += 1;
        let result = result.and_then(|token| {
            if token.is_valid_at(now) {
                Ok(token)
            } else {
                Err(TokenError::invalid_answer("the token had expired when it came"))
            }
        });
        match result {
            Ok(token) => {
                let refresh_at = refresh_time(&token, ahead, now);
                self.held = Some(Held { token, refresh_at, used: false, rejected: false });
                self.failure = None;
            }
            Err(error) => {
                let in_a_row = self.failure.as_ref().map_or(0, |failure| failure.in_a_row);
                let pause = pause_after(in_a_row, error.retry_after());
                let until = now.checked_add(pause).unwrap_or(now);
                self.failure =
                    Some(Failure { error, in_a_row: in_a_row.saturating_add(1), at: now, until });
            }
        }
        true
    }

    /// Told of an answer 401. Whether one more attempt is worthwhile.
    pub(super) fn rejected(&mut self, headers: &HeaderMap) -> bool {
        if !self.followed && self.follow(headers) {
            return true;
        }
        let now = self.last_seen;
        let recent = match (self.replaced_at, now) {
            (Some(at), Some(now)) => {
                now.duration_since(at).is_ok_and(|since| since < REJECTION_PAUSE)
            }
            _ => false,
        };
        match &mut self.held {
            None => false,
            // Someone else was told before, or the request went out with an older token.
            Some(held) if held.rejected || !held.used || recent => true,
            Some(held) => {
                held.rejected = true;
                self.replaced_at = now;
                true
            }
        }
    }

    /// Adopts tenant and audience of a challenge. `false` when that changes nothing.
    fn follow(&mut self, headers: &HeaderMap) -> bool {
        let Some(challenge) = Challenge::from_headers(headers) else { return false };
        let Some(audience) = challenge
            .resource_id()
            .and_then(|resource| self.audience.narrowed(resource, self.target.as_ref()))
        else {
            return false;
        };
        let tenant =
            challenge.tenant().map(str::to_ascii_lowercase).or_else(|| self.tenant.clone());
        if tenant == self.tenant && audience == self.audience {
            return false;
        }
        (self.tenant, self.audience) = (tenant, audience);
        self.epoch += 1;
        self.followed = true;
        self.failure = None;
        self.replaced_at = self.last_seen;
        if let Some(held) = &mut self.held {
            held.rejected = true;
        }
        true
    }
}

/// When to renew a token that came at `now`: `ahead` before its end, or half-way for short ones.
/// Half of what is left also keeps a source from being asked again at once when it gives out one
/// token until that ends, as managed identities do.
fn refresh_time(token: &AccessToken, ahead: Duration, now: SystemTime) -> SystemTime {
    let left = token.expires_at().duration_since(now).unwrap_or_default();
    let wait = left.saturating_sub(ahead).max(left / 2).min(LONGEST_USE);
    let ours = now.checked_add(wait).unwrap_or(now);
    match token.advised_refresh() {
        Some(advised) if now < advised && advised < ours => advised,
        _ => ours,
    }
}

fn pause_after(failures_before: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures_before.min(16)).min(LONGEST_PAUSE);
    doubled.max(asked.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests;
