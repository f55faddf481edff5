//! The errors of this crate, by who causes them: the caller ([`InvalidValue`] and others), the service
//! ([`ServiceError`]), or what stands between ([`DecodeError`]).

mod code;
mod decode;
mod invalid;
pub(crate) mod refusal;
mod service;

pub use self::code::ErrorCode;
pub use self::decode::{DecodeError, DecodeProblem, ResponseError};
pub use self::invalid::{InvalidMetadata, InvalidText, InvalidValue};
pub use self::service::ServiceError;
