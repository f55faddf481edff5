//! What can go wrong, by whom it is caused.
//!
//! | Type | Cause |
//! | --- | --- |
//! | [`InvalidName`](crate::InvalidName), [`InvalidText`], [`InvalidMetadata`], [`InvalidValue`], [`InvalidEndpoint`](crate::InvalidEndpoint) | the caller built a value that the protocol does not allow |
//! | [`ServiceError`] | the service refused; clients read it, servers write it |
//! | [`DecodeError`] | an answer is not what the protocol allows |

mod code;
mod decode;
mod invalid;
mod service;

pub use self::code::ErrorCode;
pub use self::decode::{DecodeError, DecodeProblem, ResponseError};
pub use self::invalid::{InvalidMetadata, InvalidText, InvalidValue};
pub use self::service::ServiceError;
