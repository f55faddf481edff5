//! [`Watching`]: a transport that remembers what the answers say of the service's clock.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use queue_client::{
    BoxFuture,
    proto::ResponseHead,
    transport::{HyperTransport, Transport, TransportError},
};

/// What was seen of the answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<(Duration, bool)>>>);

impl Seen {
    /// The distance of this machine's clock from the service's, and whether it is behind.
    pub(super) fn clock(&self) -> Option<(Duration, bool)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, answer: &Response<Bytes>) {
        let Some(service) = ResponseHead::read(answer.headers()).date else { return };
        let now = SystemTime::now();
        let distance = match service.duration_since(now) {
            Ok(behind) => (behind, true),
            Err(ahead) => (ahead.duration(), false),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(distance);
    }
}

/// A transport that remembers.
#[derive(Debug)]
pub(super) struct Watching {
    inner: HyperTransport,
    seen: Seen,
}

impl Watching {
    pub(super) const fn new(inner: HyperTransport, seen: Seen) -> Self {
        Self { inner, seen }
    }
}

impl Transport for Watching {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let answer = self.inner.send(request).await?;
            self.seen.look(&answer);
            Ok(answer)
        })
    }

    fn proxy(&self, destination: &Uri) -> Option<String> {
        self.inner.proxy(destination)
    }
}
