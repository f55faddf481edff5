//! The control interface below `/_emulator/`, and the page for people that rests on it: [`Control`].
//!
//! A test in any language moves time, makes faults and looks into queues by it; the page shows the
//! same. `openapi.json` beside this file's modules describes it, and `tests/control` holds the two
//! against each other. What it does to the emulator is in `steer.rs`, `recall.rs` and `exchange.rs`,
//! where tests in Rust find it too.

mod advice;
mod answer;
mod clock;
mod connect;
mod dump;
mod faults;
mod files;
mod guard;
mod messages;
mod options;
mod queues;
mod requests;
mod route;
mod show;
mod stream;

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use tokio::sync::watch;

use self::answer::Failure;
use self::guard::{Guard, ROOT};
pub use self::options::ControlOptions;
pub(crate) use self::stream::Feed;
use self::stream::Streams;
use crate::emulator::Emulator;

/// What the control interface answers with.
pub(crate) enum Reply {
    Whole(Response<Bytes>),
    /// A stream of events that goes on.
    Stream(Response<Feed>),
}

/// The control interface of an emulator; clones share everything.
#[derive(Clone)]
pub(crate) struct Control(Arc<Inner>);

struct Inner {
    emulator: Emulator,
    /// The URL of the service, for connection strings.
    service_url: String,
    guard: Guard,
    streams: Streams,
}

impl Control {
    pub(crate) fn new(
        emulator: Emulator,
        service_url: String,
        options: ControlOptions,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let ControlOptions { hosts, origins } = options;
        let streams = Streams::new(emulator.clone(), stopped);
        Self(Arc::new(Inner { emulator, service_url, guard: Guard { hosts, origins }, streams }))
    }

    /// Whether a path is one of the control interface.
    pub(crate) fn is_for(path: &str) -> bool {
        guard::is_control(path)
    }

    /// Answers that the emulator is there, to whoever asks on the service's port.
    pub(crate) fn health(emulator: &Emulator, parts: &Parts) -> Option<Response<Bytes>> {
        let asks = parts.method == Method::GET || parts.method == Method::HEAD;
        (asks && parts.uri.path() == "/_emulator/health").then(|| {
            let mut response = connect::health(emulator);
            guard::secure(response.headers_mut());
            response
        })
    }

    /// Answers a request for the control interface or for the page.
    pub(crate) async fn answer(&self, parts: &Parts, body: Result<Bytes, Failure>) -> Reply {
        let mut reply = match self.try_answer(parts, body).await {
            Ok(reply) => reply,
            Err(failure) => Reply::Whole(failure.response()),
        };
        let headers = match &mut reply {
            Reply::Whole(response) => response.headers_mut(),
            Reply::Stream(response) => response.headers_mut(),
        };
        guard::secure(headers);
        self.0.guard.share(&parts.headers, headers);
        if let Reply::Whole(response) = &mut reply
            && parts.method == Method::HEAD
        {
            *response.body_mut() = Bytes::new();
        }
        reply
    }

    async fn try_answer(
        &self,
        parts: &Parts,
        body: Result<Bytes, Failure>,
    ) -> Result<Reply, Failure> {
        self.0.guard.check(parts)?;
        if parts.method == Method::OPTIONS {
            return Ok(Reply::Whole(answer::empty()));
        }
        let path = parts.uri.path();
        let Some(path) = path.strip_prefix(ROOT) else {
            return files::find(&parts.method, path).map(Reply::Whole);
        };
        let asked = route::find(&parts.method, path)?;
        let ask = answer::Ask {
            emulator: &self.0.emulator,
            service_url: &self.0.service_url,
            path: asked.segments,
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body: body?,
        };
        if asked.action != route::Action::Health
            && let Some(watch) = ask.emulator.watch()
        {
            watch.look();
        }
        if asked.action == route::Action::Events {
            return self.0.streams.open(&ask).map(Reply::Stream);
        }
        route::act(asked.action, &ask).await.map(Reply::Whole)
    }
}

pub(crate) use self::answer::read_body;
