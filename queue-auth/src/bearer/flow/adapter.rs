//! The bridge from the `oauth2` crate to a [`TokenTransport`].

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use zeroize::Zeroizing;

use crate::authorize::BoxFuture;
use crate::bearer::transport::LONGEST_ANSWER;
use crate::bearer::transport::TokenTransport;
use crate::error::BoxError;

/// The status and headers of the last answer; the `oauth2` crate does not keep it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) status: Option<StatusCode>,
    pub(super) retry_after: Option<Duration>,
}

impl Seen {
    pub(super) fn is_busy(&self) -> Option<u16> {
        self.status
            .filter(|status| status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS)
            .map(|status| status.as_u16())
    }
}

/// An HTTP client for the `oauth2` crate. Owned: with a borrowed transport, the future it returns is
/// not general enough to be sent between threads.
#[derive(Clone, Debug)]
pub(super) struct Adapter {
    transport: Arc<dyn TokenTransport>,
    seen: Arc<Mutex<Seen>>,
    now: SystemTime,
    /// Whether answers of a busy provider count as none, so that polling goes on.
    polling: bool,
}

impl Adapter {
    pub(super) fn new(transport: Arc<dyn TokenTransport>, now: SystemTime) -> Self {
        Self { transport, seen: Arc::default(), now, polling: false }
    }

    pub(super) fn polling(mut self) -> Self {
        self.polling = true;
        self
    }

    pub(super) fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        self.note(Seen::default());
        let (parts, body) = request.into_parts();
        // The body holds the secret; this buffer is wiped when the transport is done with it.
        let body = Bytes::from_owner(Zeroizing::new(body));
        let request = http::Request::from_parts(parts, body);
        let response = self.transport.send(request).await.map_err(NoAnswer::Transport)?;
        let seen = Seen {
            status: Some(response.status()),
            retry_after: retry_after(response.headers(), self.now),
        };
        self.note(seen);
        if self.polling && seen.is_busy().is_some() {
            return Err(NoAnswer::Busy);
        }
        if response.body().len() > LONGEST_ANSWER {
            return Err(NoAnswer::TooLong);
        }
        Ok(response.map(|body| body.to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for Adapter {
    type Error = NoAnswer;
    type Future = BoxFuture<'c, Result<HttpResponse, NoAnswer>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// The reason why there is no answer to work with.
#[derive(Debug)]
pub(super) enum NoAnswer {
    Transport(BoxError),
    TooLong,
    Busy,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transport(_) => "the transport failed",
            Self::TooLong => "the answer is too long",
            Self::Busy => "the identity provider is busy",
        })
    }
}

impl Error for NoAnswer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Transport(source) => Some(&**source),
            _ => None,
        }
    }
}

/// The header `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim_ascii();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let read = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, now).map(|delay| delay.as_secs())
        };
        assert_eq!(read("17"), Some(17));
        assert_eq!(read(&httpdate::fmt_http_date(now + Duration::from_secs(9))), Some(9));
        assert_eq!(read(&httpdate::fmt_http_date(now - Duration::from_secs(9))), None);
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
    }
}
