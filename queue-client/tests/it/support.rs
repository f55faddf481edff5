//! An emulator behind a line that fails by script, in manual time.

use std::{
    collections::VecDeque,
    future::{pending, ready},
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use queue_client::{
    BoxFuture, ClientBuilder, QueueClient, QueueServiceClient,
    runtime::{ManualRuntime, Runtime},
    transport::{Transport, TransportError, TransportErrorKind},
};
use queue_emulator::Emulator;

/// What happens to one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// No connection comes about.
    NoConnection,
    /// The connection breaks while it is sent: the service does not see it.
    BrokenBefore,
    /// The connection turns out to be closed.
    Closed,
    /// The service applies it, and the answer is lost, wholly or by half.
    AnswerLost,
    /// The service applies it, and the answer comes after everybody stopped waiting.
    AnswerLate,
    /// Nobody ever answers.
    NoAnswer,
    /// Something in between answers with this status, and `Retry-After` if it is not 0.
    Status(u16, u64),
    /// The service applies it, and the answer is unreadable.
    Garbage,
}

/// Date and signature of a request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) date: String,
    pub(crate) signature: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    emulator: Emulator,
    state: Arc<Mutex<(VecDeque<Fate>, Vec<Sent>)>>,
}

impl Line {
    /// Decides the fate of the next requests. Those after are answered.
    pub(crate) fn next(&self, fates: impl IntoIterator<Item = Fate>) {
        let mut state = self.state.lock().unwrap();
        state.0 = fates.into_iter().collect();
        state.1.clear();
    }

    /// The requests since then.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.state.lock().unwrap().1.clone()
    }
}

impl Transport for Line {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        // A shared access signature has neither.
        let header = |name| {
            request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let sent = Sent { date: header("x-ms-date"), signature: header(AUTHORIZATION.as_str()) };
        let fate = {
            let mut state = self.state.lock().unwrap();
            state.1.push(sent);
            state.0.pop_front().unwrap_or(Fate::Answered)
        };
        let failed = |kind| Err(TransportError::new(kind));
        Box::pin(ready(match fate {
            Fate::Answered => Ok(self.emulator.handle(request)),
            Fate::NoConnection => failed(TransportErrorKind::Connect),
            Fate::BrokenBefore => failed(TransportErrorKind::Interrupted),
            Fate::Closed => failed(TransportErrorKind::ClosedBeforeAnswer),
            Fate::AnswerLate => {
                drop(self.emulator.handle(request));
                return Box::pin(pending());
            }
            Fate::AnswerLost => {
                drop(self.emulator.handle(request));
                failed(TransportErrorKind::Interrupted)
            }
            Fate::NoAnswer => return Box::pin(pending()),
            Fate::Status(status, retry_after) => {
                let mut answer = Response::builder().status(status);
                if retry_after > 0 {
                    answer = answer.header("Retry-After", retry_after);
                }
                Ok(answer.body(Bytes::from_static(b"<html>busy</html>")).unwrap())
            }
            Fate::Garbage => {
                let mut answer = self.emulator.handle(request);
                *answer.body_mut() = Bytes::from_static(b"<html>hello</html>");
                answer.headers_mut().remove("x-ms-popreceipt");
                Ok(answer)
            }
        }))
    }
}

/// A client whose requests go over the line, to a queue that exists.
pub(crate) async fn queue() -> (QueueClient, Line, ManualRuntime) {
    let (service, line, time) = service();
    let queue = service.queue("orders").unwrap();
    queue.create().await.unwrap();
    line.next([]);
    (queue, line, time)
}

pub(crate) fn service() -> (QueueServiceClient, Line, ManualRuntime) {
    let time = ManualRuntime::starting_at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let clock = time.clone();
    let line = Line {
        emulator: Emulator::builder().clock(move || clock.now()).build(),
        state: Arc::default(),
    };
    let service = over(&line, &time).build().unwrap();
    (service, line, time)
}

/// Another client over the same line.
pub(crate) fn over(line: &Line, time: &ManualRuntime) -> ClientBuilder {
    QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
        .unwrap()
        .transport(line.clone())
        .runtime(time.clone())
}
