//! The places for connections: [`Crowd`] gives one to each that comes, and takes it from the one that
//! has been idle for longest when there are no more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Time for a connection that was asked to go, before the next is asked: it may have been given a
/// request in the same moment.
const PATIENCE: Duration = Duration::from_millis(50);

/// [`Seat::state`] of a connection that is being asked something.
const BUSY: u64 = 0;
/// The bit of [`Seat::state`] of a connection whose answer is being sent.
const SENDING: u64 = 1 << 63;

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Crowd {
    places: Arc<Semaphore>,
    seats: Mutex<HashMap<u64, Arc<Seat>>>,
    /// Counts everything that happens, so that idle connections have an order. A clock would do as
    /// well, but two of its readings can be equal, and each costs more.
    moments: Arc<AtomicU64>,
    /// Told whenever a connection has gone.
    left: Notify,
}

impl Crowd {
    pub(super) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            seats: Mutex::default(),
            moments: Arc::new(AtomicU64::new(BUSY + 1)),
            left: Notify::new(),
        })
    }

    /// Waits for a place. If there is none, the connection that has been idle for longest makes
    /// room: one for each that comes, since whoever loses an idle connection has to connect again.
    pub(super) async fn admit(self: &Arc<Self>) -> Option<Place> {
        let places = Arc::clone(&self.places);
        let permit = match places.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => loop {
                self.dismiss_one();
                let next = Arc::clone(&places).acquire_owned();
                if let Ok(permit) = tokio::time::timeout(PATIENCE, next).await {
                    break permit.ok()?;
                }
            },
        };
        let number = self.moment();
        let seat = Arc::new(Seat {
            state: AtomicU64::new(number),
            start: AtomicU32::new(0),
            leave: Notify::new(),
            moments: Arc::clone(&self.moments),
        });
        self.seats().insert(number, Arc::clone(&seat));
        Some(Place { crowd: Arc::clone(self), number, seat, _permit: permit })
    }

    /// Makes room for a connection that the operating system refuses, for example since the
    /// process has as many files open as it may, and waits until there is some.
    pub(super) async fn make_room(&self) {
        let left = self.left.notified();
        self.dismiss_one();
        // Without an idle connection there is nothing to do but to wait: whoever is being answered
        // goes on.
        let _ = tokio::time::timeout(PATIENCE, left).await;
    }

    /// Waits until everybody has gone.
    pub(super) async fn gone(&self) {
        loop {
            // Before the look, so that nobody can leave between the two unseen.
            let left = self.left.notified();
            if self.seats().is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Asks the connection to go that has been idle for longest. It looks at all of them: that costs
    /// 20,000 reads when the server is full, and a request costs two writes in place of an order
    /// that must be kept.
    fn dismiss_one(&self) {
        let seats = self.seats();
        loop {
            let idle = seats.values().filter_map(|seat| Some((seat.idle_since()?, seat)));
            let Some((since, seat)) = idle.min_by_key(|(since, _)| *since) else { return };
            // It may have been asked something meanwhile, and then another is the one.
            if seat.dismiss(since) {
                return;
            }
        }
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::Relaxed)
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<u64, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    seat: Arc<Seat>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(super) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.seats().remove(&self.number);
        self.crowd.left.notify_waiters();
    }
}

/// The state of one connection, for the crowd and for whoever reads, answers and writes on it.
#[derive(Debug)]
pub(super) struct Seat {
    /// [`BUSY`], or the moment of the last answer, with [`SENDING`] until it has been sent.
    state: AtomicU64,
    /// The first bytes that came since the last answer, or 0.
    start: AtomicU32,
    leave: Notify,
    moments: Arc<AtomicU64>,
}

impl Seat {
    /// Notes that the whole head of a request has come.
    pub(super) fn asks(&self) {
        self.state.store(BUSY, Ordering::Relaxed);
        self.start.store(0, Ordering::Relaxed);
    }

    /// Notes that there is an answer, which is to be sent now.
    pub(super) fn answered(&self) {
        // The moment is taken before the client can have the answer: whatever it does next on
        // another connection is later.
        let moment = self.moments.fetch_add(1, Ordering::Relaxed);
        self.state.store(moment | SENDING, Ordering::Relaxed);
        self.start.store(0, Ordering::Relaxed);
    }

    /// Notes that there is an answer before the request has come to its end: more of it may follow.
    pub(super) fn answered_early(&self) {
        self.answered();
        self.start.store(1, Ordering::Relaxed);
    }

    /// Notes that everything has been sent. If another request came before that, the connection is
    /// not idle.
    pub(super) fn flushed(&self) {
        let state = self.state.load(Ordering::Relaxed);
        if state & SENDING != 0 {
            self.state.store(state & !SENDING, Ordering::Relaxed);
        }
    }

    /// Notes the first bytes of a request.
    pub(super) fn heard(&self, bytes: &[u8]) {
        if self.start.load(Ordering::Relaxed) == 0 && !bytes.is_empty() {
            let mut start = [0; 4];
            for (to, from) in start.iter_mut().zip(bytes) {
                *to = *from;
            }
            // Zeros, which are no HTTP either, must not pass for silence.
            self.start.store(u32::from_be_bytes(start).max(1), Ordering::Relaxed);
        }
    }

    /// The first four bytes of the request whose head is not there yet, if anything of it is.
    pub(super) fn start(&self) -> Option<[u8; 4]> {
        match self.start.load(Ordering::Relaxed) {
            0 => None,
            start => Some(start.to_be_bytes()),
        }
    }

    /// Whether a request is being answered.
    pub(super) fn is_busy(&self) -> bool {
        self.idle_since().is_none()
    }

    /// Waits until the connection is to make room.
    pub(super) async fn dismissed(&self) {
        self.leave.notified().await;
    }

    fn idle_since(&self) -> Option<u64> {
        let state = self.state.load(Ordering::Relaxed);
        (state != BUSY && state & SENDING == 0).then_some(state)
    }

    /// Asks the connection to go if it is idle since then; false if it is not any more.
    fn dismiss(&self, since: u64) -> bool {
        // Busy from now on, so that the next to come asks another.
        let idle = self.state.compare_exchange(since, BUSY, Ordering::Relaxed, Ordering::Relaxed);
        if idle.is_ok() {
            self.leave.notify_one();
        }
        idle.is_ok()
    }
}
