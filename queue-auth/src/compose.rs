//! No authorization, and two together.

use std::time::SystemTime;

use crate::{AuthError, Authorize, BoxFuture};

/// Sends requests as they are: for preflight requests, for gateways that add credentials, and for
/// URLs that already carry a shared access signature.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to hold")]
pub struct Anonymous;

impl Authorize for Anonymous {
    fn authorize(
        &self,
        _request: &mut http::request::Parts,
        _now: SystemTime,
    ) -> Result<(), AuthError> {
        Ok(())
    }
}

/// Two ways at once: a [`UserDelegationSas`](crate::sas::UserDelegationSas) that is bound to a user,
/// and that user's bearer token.
///
/// Both are applied, or none.
#[derive(Clone, Debug)]
pub struct Both<A, B> {
    first: A,
    second: B,
}

impl<A: Authorize, B: Authorize> Both<A, B> {
    /// Applies `first`, then `second`.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Authorize, B: Authorize> Authorize for Both<A, B> {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let before = (request.uri.clone(), request.headers.clone());
        self.first.authorize(request, now)?;
        self.second.authorize(request, now).inspect_err(|_| {
            (request.uri, request.headers) = before;
        })
    }

    fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        Box::pin(async move {
            self.first.refresh(now).await?;
            self.second.refresh(now).await
        })
    }

    fn rejected(&self, challenge: &http::HeaderMap) -> bool {
        // Both must hear of it, so no short circuit.
        self.first.rejected(challenge) | self.second.rejected(challenge)
    }

    fn requires_tls(&self) -> bool {
        self.first.requires_tls() || self.second.requires_tls()
    }
}
