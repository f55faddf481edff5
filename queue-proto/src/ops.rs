//! The operations of the queue service with their responses, one file each. The page "Operations on
//! the Queue service" of the REST reference is their index.

mod clear_messages;
mod create_queue;
mod delete_message;
mod delete_queue;
mod empty;
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
pub use self::get_messages::{GetMessages, GetMessagesResponse};
pub use self::get_queue_acl::{GetQueueAcl, GetQueueAclResponse};
pub use self::get_queue_metadata::{GetQueueMetadata, GetQueueMetadataResponse};
pub use self::get_service_properties::{GetServiceProperties, GetServicePropertiesResponse};
pub use self::get_service_stats::{GetServiceStats, GetServiceStatsResponse};
pub use self::get_user_delegation_key::{GetUserDelegationKey, GetUserDelegationKeyResponse};
pub use self::list_queues::ListQueues;
pub use self::peek_messages::{PeekMessages, PeekMessagesResponse};
pub use self::preflight::{Origin, Preflight, PreflightResponse};
pub use self::put_message::{PutMessage, PutMessageResponse};
pub use self::set_queue_acl::{SetQueueAcl, SetQueueAclResponse};
pub use self::set_queue_metadata::{SetQueueMetadata, SetQueueMetadataResponse};
pub use self::set_service_properties::{SetServiceProperties, SetServicePropertiesResponse};
pub use self::update_message::{UpdateMessage, UpdateMessageResponse};
pub use crate::delegation::{DelegationKeyValue, DirectoryId, UserDelegationKey};
pub use crate::listing::{ListQueuesResponse, Marker, QueueItem, QueuePrefix};
pub use crate::message::stored::{PeekedMessage, ReceivedMessage, SentMessage};
pub use crate::replication::GeoReplicationStatus;
