//! [`empty_response!`], for operations whose answer is a status and nothing else.

/// Makes the type of a response without content, which has this status.
macro_rules! empty_response {
    ($(#[$doc:meta])* $name:ident, $status:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {}

        impl $name {
            /// The response, which has nothing to say.
            #[must_use]
            pub fn new() -> Self {
                Self {}
            }
        }

        impl $crate::operation::OperationResponse for $name {
            fn read(
                status: http::StatusCode,
                _headers: &http::HeaderMap,
                _body: &bytes::Bytes,
            ) -> Result<Self, $crate::error::DecodeError> {
                $crate::response::expect_status(status, &[http::StatusCode::$status])?;
                Ok(Self {})
            }

            fn write(&self, out: &mut $crate::response::ResponseWriter) {
                out.status(http::StatusCode::$status);
            }
        }
    };
}

pub(crate) use empty_response;
