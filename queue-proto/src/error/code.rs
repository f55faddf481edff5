//! [`ErrorCode`], made from the table of the codes of the service with their status and text.

use std::fmt;

use http::StatusCode;

macro_rules! error_codes {
    ($($(#[$explained:meta])* $name:ident $status:ident $text:literal,)*) => {
        /// The code of a service error, from the header `x-ms-error-code` or the element `Code`.
        ///
        /// The codes are those of "Common REST API error codes", "Queue service error codes" and
        /// "SAS error codes" in the REST reference.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", stringify!($name), "`: ", $text)]
                $(
                    #[doc = ""]
                    #[$explained]
                )*
                $name,
            )*
            /// The answer carried no code: something in between has answered, such as a proxy.
            Absent,
            /// A code that this version of the crate does not know.
            Other(Box<str>),
        }

        impl ErrorCode {
            /// Every code that the crate knows by name.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];

            /// The code as the service writes it; empty for [`Absent`](Self::Absent).
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Absent => "",
                    Self::Other(code) => code,
                }
            }

            /// The status that belongs to the code; 500 for codes that the crate does not know.
            #[must_use]
            pub fn status(&self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                    Self::Absent | Self::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
                }
            }

            /// The text that the service sends with the code; empty for codes that the crate does
            /// not know.
            #[must_use]
            pub fn text(&self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Absent | Self::Other(_) => "",
                }
            }
        }

        impl From<&str> for ErrorCode {
            fn from(code: &str) -> Self {
                match code {
                    $(stringify!($name) => Self::$name,)*
                    "" => Self::Absent,
                    other => Self::Other(other.into()),
                }
            }
        }
    };
}

error_codes! {
    AccountAlreadyExists CONFLICT "The specified account already exists.",
    AccountBeingCreated CONFLICT "The specified account is in the process of being created.",
    AccountIsDisabled FORBIDDEN "The specified account is disabled.",
    #[doc = "The signature, the date or the shared access signature is wrong; the detail `AuthenticationErrorDetail` says which. Pages \"Authorize with Shared Key\" and \"SAS error codes\"."]
    AuthenticationFailed FORBIDDEN "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
    AuthorizationFailure FORBIDDEN "This request is not authorized to perform this operation.",
    #[doc = "The credential is good and does not allow the operation: a letter of `sp` or a role of Microsoft Entra ID is missing. A new role takes minutes to work. Pages \"SAS error codes\" and \"Authorize with Microsoft Entra ID\"."]
    AuthorizationPermissionMismatch FORBIDDEN "This request is not authorized to perform this operation using this permission.",
    #[doc = "The shared access signature allows https alone (`spr`). Page \"SAS error codes\"."]
    AuthorizationProtocolMismatch FORBIDDEN "This request is not authorized to perform this operation using this protocol.",
    #[doc = "The account SAS does not cover the kind of resource (`srt`). Page \"SAS error codes\"."]
    AuthorizationResourceTypeMismatch FORBIDDEN "This request is not authorized to perform this operation using this resource type.",
    #[doc = "The account SAS does not cover queues (`ss`). Page \"SAS error codes\"."]
    AuthorizationServiceMismatch FORBIDDEN "This request is not authorized to perform this operation using this service.",
    #[doc = "The shared access signature does not allow the address of the caller (`sip`). Page \"SAS error codes\"."]
    AuthorizationSourceIPMismatch FORBIDDEN "This request is not authorized to perform this operation using this source IP.",
    ConditionHeadersNotSupported BAD_REQUEST "Condition headers are not supported.",
    ConditionNotMet PRECONDITION_FAILED "The condition specified using HTTP conditional header(s) is not met.",
    CorsPreflightFailure FORBIDDEN "CORS not enabled or no matching rule found for this request.",
    EmptyMetadataKey BAD_REQUEST "The key for one of the metadata key-value pairs is empty.",
    FeatureVersionMismatch CONFLICT "Stored access policy contains a permission that is not supported by this version.",
    #[doc = "A write came to the secondary, or the account has no read access to its secondary. Page \"Common REST API error codes\"."]
    InsufficientAccountPermissions FORBIDDEN "The account being accessed does not have sufficient permissions to execute this operation.",
    InternalError INTERNAL_SERVER_ERROR "The server encountered an internal error. Please retry the request.",
    #[doc = "The header `Authorization` cannot be read; with the status 401 a bearer token is of the wrong tenant. Page \"Common REST API error codes\"."]
    InvalidAuthenticationInfo BAD_REQUEST "Authentication information is not given in the correct format. Check the value of Authorization header.",
    InvalidHeaderValue BAD_REQUEST "The value for one of the HTTP headers is not in the correct format.",
    InvalidHttpVerb BAD_REQUEST "The HTTP verb specified was not recognized by the server.",
    InvalidInput BAD_REQUEST "One of the request inputs is not valid.",
    InvalidMarker BAD_REQUEST "The specified marker is invalid.",
    InvalidMd5 BAD_REQUEST "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.",
    InvalidMetadata BAD_REQUEST "The metadata specified is invalid. It has characters that are not permitted.",
    InvalidQueryParameterValue BAD_REQUEST "Value for one of the query parameters specified in the request URI is invalid.",
    InvalidRange RANGE_NOT_SATISFIABLE "The range specified is invalid for the current size of the resource.",
    // The misspelling is the service's own.
    InvalidResourceName BAD_REQUEST "The specifed resource name contains invalid characters.",
    InvalidUri BAD_REQUEST "The requested URI does not represent any resource on the server.",
    InvalidXmlDocument BAD_REQUEST "XML specified is not syntactically valid.",
    InvalidXmlNodeValue BAD_REQUEST "The value for one of the XML nodes is not in the correct format.",
    KeyBasedAuthenticationNotPermitted FORBIDDEN "Key based authentication is not permitted on this storage account.",
    Md5Mismatch BAD_REQUEST "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    #[doc = "The message is gone: deleted, expired, or handed out again since the receipt was given. Page \"Queue service error codes\"."]
    MessageNotFound NOT_FOUND "The specified message does not exist.",
    #[doc = "The reference has this code for a large message; the service answers with `RequestBodyTooLarge`. Page \"Queue service error codes\"."]
    MessageTooLarge BAD_REQUEST "The message exceeds the maximum allowed size.",
    MetadataTooLarge BAD_REQUEST "The metadata specified exceeds the maximum permissible limit.",
    MissingContentLengthHeader LENGTH_REQUIRED "Content-Length HTTP header is missing.",
    MissingRequiredHeader BAD_REQUEST "An HTTP header that's mandatory for this request is not specified.",
    MissingRequiredQueryParameter BAD_REQUEST "A query parameter that's mandatory for this request is not specified.",
    MissingRequiredXmlNode BAD_REQUEST "An XML node that's mandatory for this request is not specified.",
    MultipleConditionHeadersNotSupported BAD_REQUEST "Multiple condition headers are not supported.",
    #[doc = "The request has no credential. The header `WWW-Authenticate` of the answer names the tenant to ask for a token. Page \"Authorize with Microsoft Entra ID\"."]
    NoAuthenticationInformation UNAUTHORIZED "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    #[doc = "The service does not know whether the operation was done; Clear Messages has done a part. Page \"Common REST API error codes\"."]
    OperationTimedOut INTERNAL_SERVER_ERROR "Operation could not be completed within the specified time.",
    #[doc = "A name of a queue has a wrong length, or a marker is none that the service gave. Page \"Common REST API error codes\"."]
    OutOfRangeInput BAD_REQUEST "One of the request inputs is out of range.",
    OutOfRangeQueryParameterValue BAD_REQUEST "One of the query parameters specified in the request URI is outside the permissible range.",
    #[doc = "The receipt is not the newest one: somebody else has received or updated the message. Page \"Queue service error codes\"."]
    PopReceiptMismatch BAD_REQUEST "The specified pop receipt did not match the pop receipt for a dequeued message.",
    QueueAlreadyExists CONFLICT "The specified queue already exists.",
    #[doc = "The queue was deleted less than about 30 seconds ago, and its name is not free yet. Page \"Delete Queue\"."]
    QueueBeingDeleted CONFLICT "The specified queue is being deleted.",
    QueueDisabled CONFLICT "The specified queue has been disabled by the administrator.",
    QueueNotEmpty CONFLICT "The specified queue is not empty.",
    QueueNotFound NOT_FOUND "The specified queue does not exist.",
    #[doc = "The text of a message has more than 64 KiB; the detail `MaxLimit` says the limit in bytes. Page \"Put Message\"."]
    RequestBodyTooLarge PAYLOAD_TOO_LARGE "The request body is too large and exceeds the maximum permissible limit.",
    RequestUrlFailedToParse BAD_REQUEST "The url in the request could not be parsed.",
    ResourceAlreadyExists CONFLICT "The specified resource already exists.",
    ResourceNotFound NOT_FOUND "The specified resource does not exist.",
    ResourceTypeMismatch CONFLICT "The specified resource type does not match the type of the existing resource.",
    #[doc = "The account or the queue gets more requests than its target allows. Wait before the next try. Page \"Scalability targets for Queue Storage\"."]
    ServerBusy SERVICE_UNAVAILABLE "The server is busy.",
    UnsupportedHeader BAD_REQUEST "One of the HTTP headers specified in the request is not supported.",
    UnsupportedHttpVerb METHOD_NOT_ALLOWED "The resource doesn't support specified Http Verb.",
    UnsupportedQueryParameter BAD_REQUEST "One of the query parameters specified in the request URI is not supported.",
    UnsupportedXmlNode BAD_REQUEST "One of the XML nodes specified in the request body is not supported.",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for code in ErrorCode::KNOWN {
            assert_eq!(ErrorCode::from(code.as_str()), *code);
            assert!(!code.text().is_empty());
            assert!(code.status().as_u16() >= 400);
        }
        assert_eq!(ErrorCode::from("NewThing"), ErrorCode::Other("NewThing".into()));
        assert_eq!(ErrorCode::from(""), ErrorCode::Absent);
    }
}
