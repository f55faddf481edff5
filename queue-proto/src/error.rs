//! What can go wrong, by whom it is caused.

mod code;
mod decode;
mod invalid;
pub(crate) mod refusal;
mod service;

pub use self::code::ErrorCode;
pub use self::decode::{DecodeError, DecodeProblem, ResponseError};
pub use self::invalid::{InvalidMetadata, InvalidText, InvalidValue};
pub use self::service::ServiceError;
