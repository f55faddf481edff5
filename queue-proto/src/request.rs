//! Requests: written by clients, read by servers.

mod incoming;
mod refusal;
mod resource;
mod writer;

pub use self::incoming::IncomingRequest;
pub(crate) use self::refusal::{body_too_large, invalid_header, invalid_query, missing_query};
pub use self::resource::{Location, Resource};
pub use self::writer::RequestWriter;
