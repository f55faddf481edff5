//! The decisions of a processor, as a state machine without clock, IO, threads or randomness of its
//! own.
//!
//! A driver feeds [`Input`]s into the [`Core`] and carries out the [`Action`]s that come out; the
//! tokio driver of this crate is one, the simulator of its tests another. Time is an argument, a
//! [`Tick`] of a monotonic clock. The same seed and the same inputs give the same actions.
//!
//! The loop of a driver:
//!
//! 1. [`handle`](Core::handle) what has happened,
//! 2. carry out what [`poll`](Core::poll) returns, until it returns `None`,
//! 3. wait for something to happen, at most until [`next_wake`](Core::next_wake), and go on with 1
//!    or 2.
//!
//! The core keeps at most one request in flight for each message, and uses only the newest pop
//! receipt. An answer that is lost is [`Ambiguous`](crate::OpFailure::Ambiguous), which is a state
//! of its own and not an error.
//!
//! Inside, a comment that gives the reason for an order of lines names the test that fails without
//! it: `leases::…` and the like are in `tests/simulator/tests/directed`, properties are those of
//! the simulator's scenarios. `cargo xtask mutate` breaks these rules one after the other.

mod answers;
mod appetite;
mod arrival;
mod ask;
mod completed;
mod config;
mod delivery;
mod ease;
mod estimate;
mod event;
mod finish;
mod ids;
mod io;
mod lease;
mod liveness;
mod lookahead;
mod machine;
mod message;
mod pace;
mod phase;
mod poller;
mod polling;
mod renew;
mod report;
mod settle;
mod shares;
mod shutdown;
mod slots;
mod standing;
mod step;
mod time;

pub use self::{
    config::{
        ConfigError, CoreConfig, LeaseGrowth, OnLeaseLost, Polling, QueueMissing, RetryDelay,
    },
    event::{Event, LoopState, Next, Poll, RenewalResult, Settled, Trouble},
    ids::{AskId, DeliveryKey, OpId},
    io::{Action, Input},
    machine::Core,
    message::{NewLease, Outcome, RawDelivery, Reason},
    report::{
        Counters, DeliverySnapshot, End, LeftMessage, Report, ShutdownMode, Snapshot, Stage,
        Typical,
    },
    shares::{Demand, Shares},
    standing::{LeaseError, LeaseSignal, LostCause, Standing, StopCause},
    time::Tick,
};
