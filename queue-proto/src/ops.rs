//! The operations, one module each, in the order of the index of the REST reference.

mod clear_messages;
mod create_queue;
mod delete_message;
mod delete_queue;
mod get_messages;
mod get_queue_acl;
mod get_queue_metadata;
mod get_service_properties;
mod get_service_stats;
mod get_user_delegation_key;
mod list_queues;
mod peek_messages;
mod preflight;
mod put_message;
mod set_queue_acl;
mod set_queue_metadata;
mod set_service_properties;
mod update_message;

pub use self::clear_messages::{ClearMessages, ClearMessagesResponse};
pub use self::create_queue::{CreateQueue, CreateQueueResponse};
pub use self::delete_message::{DeleteMessage, DeleteMessageResponse};
pub use self::delete_queue::{DeleteQueue, DeleteQueueResponse};
pub use self::get_messages::{GetMessages, GetMessagesResponse, ReceivedMessage};
pub use self::get_queue_acl::{GetQueueAcl, GetQueueAclResponse};
pub use self::get_queue_metadata::{GetQueueMetadata, GetQueueMetadataResponse};
pub use self::get_service_properties::{GetServiceProperties, GetServicePropertiesResponse};
pub use self::get_service_stats::{GeoReplicationStatus, GetServiceStats, GetServiceStatsResponse};
pub use self::get_user_delegation_key::{
    DelegationKeyValue, DirectoryId, GetUserDelegationKey, GetUserDelegationKeyResponse,
    UserDelegationKey,
};
pub use self::list_queues::{ListQueues, ListQueuesResponse, Marker, QueueItem, QueuePrefix};
pub use self::peek_messages::{PeekMessages, PeekMessagesResponse, PeekedMessage};
pub use self::preflight::{Origin, Preflight, PreflightResponse};
pub use self::put_message::{PutMessage, PutMessageResponse, SentMessage};
pub use self::set_queue_acl::{SetQueueAcl, SetQueueAclResponse};
pub use self::set_queue_metadata::{SetQueueMetadata, SetQueueMetadataResponse};
pub use self::set_service_properties::{SetServiceProperties, SetServicePropertiesResponse};
pub use self::update_message::{UpdateMessage, UpdateMessageResponse};

/// A response without content: status 204, or what a server sends in its place.
macro_rules! empty_response {
    ($(#[$doc:meta])* $name:ident, $status:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {}

        impl $name {
            /// The response.
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

use empty_response;
