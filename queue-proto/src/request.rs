//! Requests, as clients write them ([`RequestWriter`]) and as servers read them
//! ([`IncomingRequest`]), whatever the operation is.

mod incoming;
mod options;
mod resource;
pub(crate) mod route;
mod writer;

pub use self::incoming::IncomingRequest;
pub use self::options::CallOptions;
pub use self::resource::{Location, Resource};
pub use self::writer::RequestWriter;
