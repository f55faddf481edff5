//! [`Fault`]: what goes wrong, an [`Effect`], and for which requests. To add an effect, start here
//! and go on in `parse.rs` (its word) and `exchange.rs` (what it does).

use std::time::Duration;

use http::StatusCode;
use queue_proto::{ErrorCode, OperationKind, QueueName};

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// `drop`: the request is not applied, and no answer comes.
    Drop,
    /// `drop-after`: the request is applied, and no answer comes.
    DropAfter,
    /// `close`: the request is not applied, and the connection is closed.
    Close,
    /// `close-after`: the request is applied, and the connection is closed without an answer.
    CloseAfter,
    /// `delay=TIME`: the request is applied at once, and the answer comes later.
    Delay(Duration),
    /// `refuse=CODE`: the request is not applied, and refused with this code of the service.
    Refuse(ErrorCode),
    /// `refuse-after=CODE`: the request is applied, and the answer says that it was refused. The
    /// service's 500 can be such an answer.
    RefuseAfter(ErrorCode),
    /// `status=NUMBER`: the request is not applied, and answered with this status and nothing else,
    /// as by a proxy in between.
    Status(StatusCode),
    /// `throttle=N/s`: more than so many requests a second are refused with 503 `ServerBusy` and
    /// not applied.
    #[non_exhaustive]
    Throttle {
        /// The number of requests that pass in a second.
        per_second: u32,
        /// The number of requests that pass at once after a pause; at least one.
        burst: u32,
    },
    /// `truncate=N`: the request is applied, and the connection is closed behind `N` bytes of the
    /// body of the answer. An answer without a body does not come at all.
    Truncate(usize),
}

impl Effect {
    /// The word of the effect in scripts, without its value.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::DropAfter => "drop-after",
            Self::Close => "close",
            Self::CloseAfter => "close-after",
            Self::Delay(_) => "delay",
            Self::Refuse(_) => "refuse",
            Self::RefuseAfter(_) => "refuse-after",
            Self::Status(_) => "status",
            Self::Throttle { .. } => "throttle",
            Self::Truncate(_) => "truncate",
        }
    }

    /// Lets so many requests a second pass, and `burst` at once after a pause.
    #[must_use]
    pub fn throttle(per_second: u32, burst: u32) -> Self {
        Self::Throttle { per_second, burst }
    }
}

/// A fault: an effect, and the requests that it meets. Default: it meets all requests.
///
/// ```
/// use queue_emulator::{Effect, Emulator, Fault};
/// use queue_proto::{ErrorCode, OperationKind};
///
/// let emulator = Emulator::new();
/// // The second and third Put Message: stored, but the client learns something else.
/// let fault = Fault::new(Effect::RefuseAfter(ErrorCode::InternalError))
///     .operation(OperationKind::PutMessage)
///     .skip(1)
///     .times(2);
/// emulator.add_fault(fault.clone());
/// // The same as text, which the program reads from files.
/// let text = "refuse-after=InternalError operation=PutMessage skip=1 times=2";
/// assert_eq!(text.parse::<Fault>()?, fault);
/// # Ok::<(), queue_emulator::InvalidFault>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Fault {
    pub(super) effect: Effect,
    pub(super) operations: Vec<OperationKind>,
    pub(super) queue: Option<QueueName>,
    pub(super) skip: u64,
    pub(super) times: Option<u64>,
    pub(super) probability: f64,
}

impl Fault {
    /// Makes a fault with this effect, which meets every request.
    pub fn new(effect: Effect) -> Self {
        Self { effect, operations: Vec::new(), queue: None, skip: 0, times: None, probability: 1.0 }
    }

    /// Limits the fault to this operation, and to those that further calls add.
    pub fn operation(mut self, kind: OperationKind) -> Self {
        self.operations.push(kind);
        self
    }

    /// Limits the fault to requests for this queue.
    pub fn queue(mut self, queue: QueueName) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Spares the first requests that the fault would meet, as many as this says. Default: 0.
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Limits the fault to this number of requests. Default: no limit.
    pub fn times(mut self, requests: u64) -> Self {
        self.times = Some(requests);
        self
    }

    /// Meets each request with this probability, 0 to 1. Which requests are met follows from the
    /// emulator's seed. Default: 1.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = if probability.is_nan() { 0.0 } else { probability.clamp(0.0, 1.0) };
        self
    }

    /// Whether requests of this kind for this queue are meant.
    pub(super) fn concerns(&self, kind: Option<OperationKind>, queue: Option<&str>) -> bool {
        let operation =
            self.operations.is_empty() || kind.is_some_and(|kind| self.operations.contains(&kind));
        operation && self.queue.as_ref().is_none_or(|wanted| queue == Some(wanted.as_str()))
    }
}
