//! [`Watch`]: what an emulator remembers of its requests and of the lives of its messages, if it was
//! told to. Without one, nobody waits, allocates or copies for it.
//!
//! Both memories are rings: the oldest entry makes room for the newest, so that what they cost does
//! not grow with time.

pub(crate) mod author;
pub(crate) mod event;
mod events;
pub(crate) mod life;
pub(crate) mod plan;
pub(crate) mod requests;
mod story;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use queue_proto::{AccountName, ServiceError};

use self::author::Author;
use self::event::Entry;
use self::events::Events;
use self::plan::Plan;
use self::requests::{Details, Requests, SeenRequest};
use crate::apply::Applied;
use crate::lock::lock;
use crate::record::RequestRecord;
use crate::state::Moment;

/// How much an emulator remembers; see
/// [`EmulatorBuilder::record`](crate::EmulatorBuilder::record).
///
/// ```
/// use queue_emulator::{Emulator, RecordLimits};
///
/// let emulator = Emulator::builder().record(RecordLimits::new().requests(100)).build();
/// assert!(emulator.requests().is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RecordLimits {
    requests: usize,
    events: usize,
    from_first_look: bool,
}

impl RecordLimits {
    /// The limits with their defaults.
    pub fn new() -> Self {
        Self { requests: 1000, events: 20_000, from_first_look: false }
    }

    /// Sets how many requests are remembered; each takes about a kilobyte, and five at most.
    /// Default: 1,000.
    pub fn requests(mut self, count: usize) -> Self {
        self.requests = count;
        self
    }

    /// Until somebody looks, remembers only the requests that were refused or got no answer: those
    /// that succeed cost most and are seldom asked for. A look is a call of
    /// [`Emulator::requests`](crate::Emulator::requests), the page, or any request to the control
    /// interface but the one for its health. Events are remembered from the start. Default: all
    /// requests are remembered from the start.
    pub fn requests_from_first_look(mut self) -> Self {
        self.from_first_look = true;
        self
    }

    /// Sets how many events in the lives of messages are remembered, over all queues; each takes
    /// about 150 bytes. Default: 20,000.
    pub fn events(mut self, count: usize) -> Self {
        self.events = count;
        self
    }
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The two rings, each behind a lock of its own.
pub(crate) struct Watch {
    requests: Mutex<Requests>,
    events: Mutex<Events>,
    /// The number of the next request; 0 stands for none.
    next_request: AtomicU64,
    /// Whether the requests that succeed are remembered, and not only their events.
    looked_at: AtomicBool,
    #[cfg(feature = "control")]
    from_start: bool,
    /// Raised with everything that is remembered, so that a look tells whether there is news.
    news: AtomicU64,
}

impl Watch {
    pub(crate) fn new(limits: RecordLimits) -> Self {
        Self {
            requests: Mutex::new(Requests::new(limits.requests)),
            events: Mutex::new(Events::new(limits.events)),
            next_request: AtomicU64::new(1),
            looked_at: AtomicBool::new(!limits.from_first_look),
            #[cfg(feature = "control")]
            from_start: !limits.from_first_look,
            news: AtomicU64::new(0),
        }
    }

    /// Gives a request its number.
    pub(crate) fn number(&self) -> u64 {
        self.next_request.fetch_add(1, Ordering::Relaxed)
    }

    /// Gives a request its number, and notes what its record does not have.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Details {
        Details::new(self.number(), headers)
    }

    /// Whether requests that succeed are remembered by now.
    pub(crate) fn is_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::Relaxed)
    }

    /// Whether they were remembered from the start.
    #[cfg(feature = "control")]
    pub(crate) fn is_from_start(&self) -> bool {
        self.from_start
    }

    /// Somebody looks: from now on all requests are remembered.
    pub(crate) fn look(&self) {
        self.looked_at.store(true, Ordering::Relaxed);
    }

    /// A number that differs from the last one if anything happened since.
    #[cfg(feature = "control")]
    pub(crate) fn news(&self) -> u64 {
        self.news.load(Ordering::Relaxed)
    }

    /// Remembers what an operation did to messages. The caller has the account's lock, so that the
    /// events of a message are in order.
    pub(crate) fn note(
        &self,
        author: &Author<'_>,
        account: &AccountName,
        plan: &Plan,
        applied: &Result<Applied, ServiceError>,
        now: Moment,
    ) {
        if plan.is_eventful() {
            let mut events = lock(&self.events);
            plan.outcome(applied, now, |what| events.push(author, account, plan, what, now));
            drop(events);
            self.news.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Remembers a request and how it ended.
    pub(crate) fn keep(&self, record: Arc<RequestRecord>, details: Details, at: Moment) {
        let oldest = lock(&self.requests).push(record, details, at);
        self.news.fetch_add(1, Ordering::Relaxed);
        drop(oldest);
    }

    /// Up to `limit` of the requests that `wanted` picks by number and record, the newest first.
    pub(crate) fn requests(
        &self,
        limit: usize,
        wanted: impl FnMut(u64, &RequestRecord) -> bool,
    ) -> Vec<SeenRequest> {
        lock(&self.requests).select(limit, wanted)
    }

    /// The events that `wanted` picks, the oldest first.
    pub(crate) fn events(&self, wanted: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        lock(&self.events).entries(wanted)
    }

    /// Up to `limit` of the newest events behind this number, and the number of those left out.
    #[cfg(feature = "control")]
    pub(crate) fn events_after(&self, number: u64, limit: usize) -> (Vec<Entry>, u64) {
        lock(&self.events).after(number, limit)
    }

    /// The number of the newest event; 0 before the first.
    #[cfg(feature = "control")]
    pub(crate) fn last_event(&self) -> u64 {
        lock(&self.events).last()
    }

    /// Says that something has changed that is not remembered, such as the time.
    pub(crate) fn stir(&self) {
        self.news.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets all requests and events.
    pub(crate) fn forget(&self) {
        lock(&self.requests).clear();
        lock(&self.events).clear();
        self.news.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch(..)")
    }
}
