//! [`Chain`], a source that asks others one after another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use super::error::TokenError;
use super::source::{TokenRequest, TokenSource};
use super::token::AccessToken;
use crate::authorize::BoxFuture;

/// The index that says that no source has given a token yet.
const UNDECIDED: usize = usize::MAX;

/// Asks sources in order and stays with the first one that gives a token.
///
/// Staying means that a program does not change its identity when its first source fails for a
/// moment. While none has given a token, the error of the last one is returned.
///
/// ```
/// use queue_auth::bearer::{AccessToken, Chain, TokenError, TokenErrorKind, source_fn};
/// use std::time::Duration;
///
/// let chain = Chain::new(source_fn(|_, _| async {
///     Err(TokenError::new(TokenErrorKind::Unreachable))
/// }))
/// .or(source_fn(|_, now| async move {
///     Ok(AccessToken::issued("eyJ0", now, Duration::from_secs(3600))?)
/// }));
/// ```
#[derive(Debug)]
pub struct Chain {
    sources: Vec<Box<dyn TokenSource>>,
    chosen: AtomicUsize,
}

impl Chain {
    /// Makes a chain of one source.
    pub fn new(first: impl TokenSource + 'static) -> Self {
        Self { sources: vec![Box::new(first)], chosen: AtomicUsize::new(UNDECIDED) }
    }

    /// Adds a source, to be asked when those before it fail.
    #[must_use]
    pub fn or(mut self, next: impl TokenSource + 'static) -> Self {
        self.sources.push(Box::new(next));
        self
    }
}

impl TokenSource for Chain {
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(async move {
            if let Some(source) = self.sources.get(self.chosen.load(Ordering::Relaxed)) {
                return source.token(request, now).await;
            }
            let mut last = None;
            for (index, source) in self.sources.iter().enumerate() {
                match source.token(request, now).await {
                    Ok(token) => {
                        self.chosen.store(index, Ordering::Relaxed);
                        return Ok(token);
                    }
                    Err(error) => last = Some(error),
                }
            }
            Err(last.unwrap_or_else(|| TokenError::invalid_answer("the chain is empty")))
        })
    }
}
