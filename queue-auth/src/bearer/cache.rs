//! [`Cache`]: what happens to the token of a [`Bearer`](super::Bearer) when the service rejects it or
//! names another tenant. When a token is fetched is decided in [`renew`](crate::renew). It works on an
//! injected time, without IO.

use std::time::{Duration, SystemTime};

use http::uri::Authority;
use http::{HeaderMap, HeaderValue};

use super::audience::Audience;
use super::challenge::Challenge;
use super::error::TokenError;
use super::source::TokenRequest;
use super::token::AccessToken;
use crate::renew::stock::Stock;

/// No sooner than this after a rejected token was replaced, a rejection counts again. Without it, a
/// service that refuses every token would have one fetched for each request.
const REJECTION_PAUSE: Duration = Duration::from_secs(30);

/// The state of the cache in which a fetch was started.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) request: TokenRequest,
    epoch: u64,
}

/// One token, and what the service has said about it and its kind.
#[derive(Debug)]
pub(super) struct Cache {
    audience: Audience,
    tenant: Option<String>,
    /// The number of changes of audience and tenant.
    epoch: u64,
    stock: Stock<AccessToken, TokenError>,
    /// Whether a request went out with the token that is held.
    used: bool,
    /// Whether a challenge was followed.
    followed: bool,
    /// The time of the last rejection that had a token replaced.
    replaced_at: Option<SystemTime>,
    /// The last time heard of: `rejected` is not told one.
    last_seen: Option<SystemTime>,
    /// The server of the last request.
    target: Option<Authority>,
}

impl Cache {
    pub(super) fn new(audience: Audience) -> Self {
        Self {
            audience,
            tenant: None,
            epoch: 0,
            stock: Stock::new(),
            used: false,
            followed: false,
            replaced_at: None,
            last_seen: None,
            target: None,
        }
    }

    pub(super) fn stock(&mut self) -> &mut Stock<AccessToken, TokenError> {
        &mut self.stock
    }

    /// Notes the time for [`rejected`](Self::rejected).
    pub(super) fn see(&mut self, now: SystemTime) {
        self.last_seen = Some(now);
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
        self.stock.item()
    }

    pub(super) fn failure(&self) -> Option<&TokenError> {
        self.stock.failure()
    }

    /// The header for a request to `target`, if a token holds at `now`. One that was rejected is
    /// still given out: it may have been so after the caller made sure that there is one.
    pub(super) fn use_token(
        &mut self,
        target: Option<&Authority>,
        now: SystemTime,
    ) -> Option<HeaderValue> {
        self.see(now);
        let header = self.token().filter(|token| token.is_valid_at(now))?.header();
        self.used = true;
        if target.is_some() && target != self.target.as_ref() {
            self.target = target.cloned();
        }
        Some(header)
    }

    pub(super) fn ticket(&self) -> Ticket {
        let request = TokenRequest::new(self.audience.scope());
        let request = match self.tenant() {
            Some(tenant) => request.with_tenant(tenant),
            None => request,
        };
        Ticket { request, epoch: self.epoch }
    }

    /// Takes the result of a fetch that was started with `ticket`. `false` when audience or tenant
    /// changed meanwhile, so that the result is of no use.
    pub(super) fn finish(
        &mut self,
        ticket: &Ticket,
        result: Result<AccessToken, TokenError>,
        now: SystemTime,
    ) -> bool {
        // A token for another tenant than the challenge named would only be rejected again. Pinned by
        // `a_challenge_is_followed_once`.
        if ticket.epoch != self.epoch {
            return false;
        }
        match result {
            Ok(token) if token.is_valid_at(now) => {
                self.stock.fetched(token, now);
                self.used = false;
            }
            Ok(_) => {
                let error = TokenError::invalid_answer("the token had expired when it came");
                self.stock.failed(error, None, now);
            }
            Err(error) => {
                let asked = error.retry_after();
                self.stock.failed(error, asked, now);
            }
        }
        true
    }

    /// Takes note of an answer 401, and says whether one more attempt is worthwhile.
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
        if self.token().is_none() {
            return false;
        }
        // Otherwise someone else was told before, or the request went out with an older token, or the
        // service refuses every token: dropping the one at hand would cost a fetch for nothing. Pinned
        // by `one_rejection_replaces_one_token` and `late_news_of_a_renewed_token_do_not_cost_the_next`.
        if !self.stock.is_stale() && self.used && !recent {
            self.stock.set_stale();
            self.replaced_at = now;
        }
        true
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
        self.stock.forgive();
        self.stock.set_stale();
        self.replaced_at = self.last_seen;
        true
    }
}

#[cfg(test)]
mod tests;
