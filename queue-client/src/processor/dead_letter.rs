//! Where messages go that nobody could work on, and their way back.

mod place;
mod queue;
mod redrive;
mod sink;

pub(super) use self::{place::Place, queue::QueueSink};
pub use self::{
    place::{DeadLetterTo, poison_queue_of},
    redrive::{Redrive, redrive, redrive_striped},
    sink::{DeadLetterSink, SinkError},
};
pub use super::envelope::letter::DeadLetter;
