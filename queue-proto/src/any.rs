//! [`AnyOperation`], an operation as a server reads it from a request of which it knows nothing.

use bytes::Bytes;

use crate::endpoint::Endpoint;
use crate::error::ServiceError;
use crate::kind::OperationKind;
use crate::kind::table::operations;
use crate::operation::Operation;
use crate::ops;
use crate::request::route::route;
use crate::request::{CallOptions, IncomingRequest};

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

            /// Builds the request, as [`Operation::to_http`] does: a proxy reads an operation, changes
            /// what it must, and writes it for the server behind it.
            ///
            /// ```
            /// use bytes::Bytes;
            /// use queue_proto::{AnyOperation, CallOptions, Endpoint, IncomingRequest};
            ///
            /// let outside = Endpoint::from_url("http://127.0.0.1:10001/devstoreaccount1")?;
            /// let inside = Endpoint::from_url("https://contoso.queue.core.windows.net")?;
            /// let request = http::Request::get("http://127.0.0.1:10001/devstoreaccount1/jobs/messages?peekonly=true")
            ///     .header("x-ms-version", "2025-07-05")
            ///     .body(Bytes::new())?;
            /// let operation = AnyOperation::read(&IncomingRequest::new(&outside, &request)?)?;
            /// let forwarded = operation.to_http(&inside, &CallOptions::default());
            /// assert_eq!(
            ///     forwarded.uri(),
            ///     "https://contoso.queue.core.windows.net/jobs/messages?peekonly=true",
            /// );
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[must_use]
            pub fn to_http(&self, at: &Endpoint, options: &CallOptions) -> http::Request<Bytes> {
                match self {
                    $(Self::$name(operation) => operation.to_http(at, options),)*
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
