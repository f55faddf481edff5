//! From a request to its operation.

use http::Method;

use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::operation::Operation;
use crate::ops;
use crate::request::{IncomingRequest, Resource, invalid_query};

macro_rules! any_operation {
    ($($name:ident,)*) => {
        /// An operation as a server reads it.
        ///
        /// Exhaustive on purpose: when the service gets a new operation, servers that match on this
        /// must say what they do with it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(clippy::exhaustive_enums, reason = "a new operation must break servers' builds")]
        pub enum AnyOperation {
            $(
                #[doc = concat!("[`", stringify!($name), "`](crate::ops::", stringify!($name), ")")]
                $name(ops::$name),
            )*
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
            impl From<ops::$name> for AnyOperation {
                fn from(operation: ops::$name) -> Self {
                    Self::$name(operation)
                }
            }
        )*
    };
}

any_operation! {
    ListQueues,
    GetServiceProperties,
    SetServiceProperties,
    Preflight,
    GetServiceStats,
    GetUserDelegationKey,
    CreateQueue,
    DeleteQueue,
    GetQueueMetadata,
    SetQueueMetadata,
    GetQueueAcl,
    SetQueueAcl,
    PutMessage,
    GetMessages,
    PeekMessages,
    UpdateMessage,
    DeleteMessage,
    ClearMessages,
}

impl AnyOperation {
    /// Finds out which operation a request asks for by method, path and query, without reading its
    /// parameters.
    ///
    /// # Errors
    ///
    /// The answer to send to the client: 405 `UnsupportedHttpVerb` when the resource has no
    /// operation of that method, 400 `InvalidHttpVerb` when HTTP has no such method, 400 `InvalidQueryParameterValue` when `comp`, `restype` or
    /// `peekonly` has an unknown value.
    pub fn route(request: &IncomingRequest<'_>) -> Result<OperationKind, ServiceError> {
        let verb = Verb::of(request.method())?;
        if verb == Verb::Options {
            return Ok(OperationKind::Preflight);
        }
        match request.resource() {
            Resource::Service => route_service(request, verb),
            Resource::Queue(_) => route_queue(request, verb),
            Resource::Messages(_) => match verb {
                Verb::Post => Ok(OperationKind::PutMessage),
                Verb::Get if peek_only(request)? => Ok(OperationKind::PeekMessages),
                Verb::Get => Ok(OperationKind::GetMessages),
                Verb::Delete => Ok(OperationKind::ClearMessages),
                _ => unsupported(),
            },
            Resource::Message(..) => match verb {
                Verb::Put => Ok(OperationKind::UpdateMessage),
                Verb::Delete => Ok(OperationKind::DeleteMessage),
                _ => unsupported(),
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Head,
    Put,
    Post,
    Delete,
    Options,
}

impl Verb {
    fn of(method: &Method) -> Result<Self, ServiceError> {
        match *method {
            Method::GET => Ok(Self::Get),
            Method::HEAD => Ok(Self::Head),
            Method::PUT => Ok(Self::Put),
            Method::POST => Ok(Self::Post),
            Method::DELETE => Ok(Self::Delete),
            Method::OPTIONS => Ok(Self::Options),
            Method::PATCH | Method::TRACE | Method::CONNECT => {
                Err(ErrorCode::UnsupportedHttpVerb.into())
            }
            // "The HTTP verb specified was not recognized by the server."
            _ => Err(ErrorCode::InvalidHttpVerb.into()),
        }
    }
}

fn unsupported() -> Result<OperationKind, ServiceError> {
    Err(ErrorCode::UnsupportedHttpVerb.into())
}

fn route_service(request: &IncomingRequest<'_>, verb: Verb) -> Result<OperationKind, ServiceError> {
    let comp = request.query("comp")?.unwrap_or_default().to_ascii_lowercase();
    if comp == "list" {
        return if verb == Verb::Get { Ok(OperationKind::ListQueues) } else { unsupported() };
    }
    let restype = request.query("restype")?.unwrap_or_default();
    if !restype.eq_ignore_ascii_case("service") {
        return Err(invalid_query("restype", &restype));
    }
    match (verb, comp.as_str()) {
        (Verb::Get, "properties") => Ok(OperationKind::GetServiceProperties),
        (Verb::Put, "properties") => Ok(OperationKind::SetServiceProperties),
        (Verb::Get, "stats") => Ok(OperationKind::GetServiceStats),
        (Verb::Post, "userdelegationkey") => Ok(OperationKind::GetUserDelegationKey),
        (_, "properties" | "stats" | "userdelegationkey") => unsupported(),
        _ => Err(invalid_query("comp", &comp)),
    }
}

fn route_queue(request: &IncomingRequest<'_>, verb: Verb) -> Result<OperationKind, ServiceError> {
    let comp = request.query("comp")?.unwrap_or_default().to_ascii_lowercase();
    match (verb, comp.as_str()) {
        (Verb::Put, "") => Ok(OperationKind::CreateQueue),
        (Verb::Delete, "") => Ok(OperationKind::DeleteQueue),
        (Verb::Get | Verb::Head, "metadata") => Ok(OperationKind::GetQueueMetadata),
        (Verb::Put, "metadata") => Ok(OperationKind::SetQueueMetadata),
        (Verb::Get | Verb::Head, "acl") => Ok(OperationKind::GetQueueAcl),
        (Verb::Put, "acl") => Ok(OperationKind::SetQueueAcl),
        (_, "" | "metadata" | "acl") => unsupported(),
        _ => Err(invalid_query("comp", &comp)),
    }
}

/// The parameter `peekonly`. A value that is neither true nor false is refused rather than taken
/// for a wish to take messages out.
fn peek_only(request: &IncomingRequest<'_>) -> Result<bool, ServiceError> {
    match request.query("peekonly")? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(invalid_query("peekonly", &value)),
    }
}
