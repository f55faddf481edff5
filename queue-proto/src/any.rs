//! [`AnyOperation`], an operation as a server reads it from a request of which it knows nothing.

use crate::error::ServiceError;
use crate::kind::OperationKind;
use crate::kind::table::operations;
use crate::operation::Operation;
use crate::ops;
use crate::request::IncomingRequest;
use crate::request::route::route;

macro_rules! any_operation {
    ($($(#[$doc:meta])* $name:ident => $facts:expr,)*) => {
        /// An operation as a server reads it.
        ///
        /// Exhaustive on purpose: when the service gets a new operation, servers that match on this
        /// must say what they do with it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(clippy::exhaustive_enums, reason = "a new operation must break servers' builds")]
        pub enum AnyOperation {
            $($(#[$doc])* $name(ops::$name),)*
        }

        impl AnyOperation {
            /// Reads the operation that a request asks for.
            ///
            /// # Errors
            ///
            /// The answer to send to the client.
            pub fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
                match Self::route(request)? {
                    $(OperationKind::$name => ops::$name::read(request).map(Self::$name),)*
                }
            }

            /// Which operation it is.
            #[must_use]
            pub fn kind(&self) -> OperationKind {
                match self {
                    $(Self::$name(_) => OperationKind::$name,)*
                }
            }
        }

        $(
            const _: () = assert!(
                matches!(<ops::$name as Operation>::KIND, OperationKind::$name),
                "the type must say that it is the operation of its name"
            );

            impl From<ops::$name> for AnyOperation {
                fn from(operation: ops::$name) -> Self {
                    Self::$name(operation)
                }
            }
        )*
    };
}

operations!(any_operation);

impl AnyOperation {
    /// Finds out which operation a request asks for by method, path and query, without reading its
    /// parameters.
    ///
    /// # Errors
    ///
    /// The answer to send to the client: 405 `UnsupportedHttpVerb` when the resource has no
    /// operation of that method, 400 `InvalidHttpVerb` when HTTP has no such method, 400
    /// `InvalidQueryParameterValue` when `comp`, `restype` or `peekonly` has an unknown value.
    pub fn route(request: &IncomingRequest<'_>) -> Result<OperationKind, ServiceError> {
        route(request)
    }
}
