//! A receiver of the notices that Event Grid puts into a queue, in the schema of Event Grid or that of
//! CloudEvents 1.0, as base64 or as plain JSON.

mod codec;
mod event;

pub use self::{
    codec::EventCodec,
    event::{Blob, Event, NoEvent, Schema},
};
