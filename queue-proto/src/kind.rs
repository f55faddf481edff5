//! What is known about each operation before it is called: whether it can be repeated, where it
//! can be read, and what it needs to be allowed.

use std::fmt;

/// An operation of the queue service.
///
/// What holds for the operation whatever its parameters is data of this type, so that clients
/// (retry, fall-over) and servers (authorization) ask the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new operation must break every server's build")]
pub enum OperationKind {
    /// List Queues.
    ListQueues,
    /// Get Queue Service Properties.
    GetServiceProperties,
    /// Set Queue Service Properties.
    SetServiceProperties,
    /// Preflight Queue Request.
    Preflight,
    /// Get Queue Service Stats.
    GetServiceStats,
    /// Get User Delegation Key.
    GetUserDelegationKey,
    /// Create Queue.
    CreateQueue,
    /// Delete Queue.
    DeleteQueue,
    /// Get Queue Metadata.
    GetQueueMetadata,
    /// Set Queue Metadata.
    SetQueueMetadata,
    /// Get Queue ACL.
    GetQueueAcl,
    /// Set Queue ACL.
    SetQueueAcl,
    /// Put Message.
    PutMessage,
    /// Get Messages.
    GetMessages,
    /// Peek Messages.
    PeekMessages,
    /// Update Message.
    UpdateMessage,
    /// Delete Message.
    DeleteMessage,
    /// Clear Messages.
    ClearMessages,
}

/// What happens when an operation is done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth case")]
pub enum Idempotence {
    /// It changes nothing.
    Safe,
    /// Doing it twice leaves the service as doing it once does. The second answer may differ: a
    /// repeated Delete Queue finds nothing, a repeated Update Message has a receipt that the first
    /// one made void.
    Idempotent,
    /// Doing it twice has two effects: a second message, a second lot of hidden messages.
    Effectful,
}

/// Which copies of the data an operation may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth case")]
pub enum SecondaryAccess {
    /// The primary alone: the operation changes something, as Get Messages does although it is an
    /// HTTP `GET`.
    Never,
    /// The primary, and for reading the secondary too.
    Allowed,
    /// The secondary alone.
    Only,
}

/// The resource type of an account SAS (`srt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these three")]
pub enum AccountSasResource {
    /// `s`: the service.
    Service,
    /// `c`: containers, which are queues here.
    Container,
    /// `o`: objects, which are messages here.
    Object,
}

/// What a request needs to be allowed to do an operation. The account key allows everything but
/// what [`bearer_only`](Self::bearer_only) marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// What an account SAS needs; `None` when no account SAS allows the operation.
    pub account_sas: Option<AccountSasPermission>,
    /// The letter that a queue SAS or a stored access policy needs; `None` when none allows the
    /// operation.
    pub queue_sas: Option<char>,
    /// The role-based data actions of Microsoft Entra ID: any one of these sets, each of which must
    /// be granted as a whole. Empty when no bearer token is needed or helps.
    pub actions: &'static [&'static [&'static str]],
    /// True when the operation needs no authorization at all.
    pub anonymous: bool,
    /// True when only a bearer token allows the operation.
    pub bearer_only: bool,
}

/// What an account SAS needs for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AccountSasPermission {
    /// The resource type that the SAS must cover.
    pub resource: AccountSasResource,
    /// The permission letters, any one of which is enough.
    pub letters: &'static [char],
}

impl AccountSasResource {
    /// The letter in `srt`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Service => 's',
            Self::Container => 'c',
            Self::Object => 'o',
        }
    }
}

macro_rules! action {
    ($action:literal) => {
        concat!("Microsoft.Storage/storageAccounts/queueServices/", $action)
    };
}

impl OperationKind {
    /// Every operation, in the order of the index of the REST reference.
    pub const ALL: [Self; 18] = [
        Self::ListQueues,
        Self::GetServiceProperties,
        Self::SetServiceProperties,
        Self::Preflight,
        Self::GetServiceStats,
        Self::GetUserDelegationKey,
        Self::CreateQueue,
        Self::DeleteQueue,
        Self::GetQueueMetadata,
        Self::SetQueueMetadata,
        Self::GetQueueAcl,
        Self::SetQueueAcl,
        Self::PutMessage,
        Self::GetMessages,
        Self::PeekMessages,
        Self::UpdateMessage,
        Self::DeleteMessage,
        Self::ClearMessages,
    ];

    /// The name in the REST reference, in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ListQueues => "ListQueues",
            Self::GetServiceProperties => "GetQueueServiceProperties",
            Self::SetServiceProperties => "SetQueueServiceProperties",
            Self::Preflight => "PreflightQueueRequest",
            Self::GetServiceStats => "GetQueueServiceStats",
            Self::GetUserDelegationKey => "GetUserDelegationKey",
            Self::CreateQueue => "CreateQueue",
            Self::DeleteQueue => "DeleteQueue",
            Self::GetQueueMetadata => "GetQueueMetadata",
            Self::SetQueueMetadata => "SetQueueMetadata",
            Self::GetQueueAcl => "GetQueueACL",
            Self::SetQueueAcl => "SetQueueACL",
            Self::PutMessage => "PutMessage",
            Self::GetMessages => "GetMessages",
            Self::PeekMessages => "PeekMessages",
            Self::UpdateMessage => "UpdateMessage",
            Self::DeleteMessage => "DeleteMessage",
            Self::ClearMessages => "ClearMessages",
        }
    }

    /// What happens when the operation is done twice.
    #[must_use]
    pub fn idempotence(self) -> Idempotence {
        match self {
            Self::ListQueues
            | Self::GetServiceProperties
            | Self::Preflight
            | Self::GetServiceStats
            | Self::GetUserDelegationKey
            | Self::GetQueueMetadata
            | Self::GetQueueAcl
            | Self::PeekMessages => Idempotence::Safe,
            Self::SetServiceProperties
            | Self::CreateQueue
            | Self::DeleteQueue
            | Self::SetQueueMetadata
            | Self::SetQueueAcl
            | Self::UpdateMessage
            | Self::DeleteMessage
            | Self::ClearMessages => Idempotence::Idempotent,
            Self::PutMessage | Self::GetMessages => Idempotence::Effectful,
        }
    }

    /// Which copies of the data the operation may go to.
    #[must_use]
    pub fn secondary(self) -> SecondaryAccess {
        match self {
            Self::ListQueues
            | Self::GetServiceProperties
            | Self::GetQueueMetadata
            | Self::GetQueueAcl
            | Self::PeekMessages => SecondaryAccess::Allowed,
            Self::GetServiceStats => SecondaryAccess::Only,
            Self::SetServiceProperties
            | Self::Preflight
            | Self::GetUserDelegationKey
            | Self::CreateQueue
            | Self::DeleteQueue
            | Self::SetQueueMetadata
            | Self::SetQueueAcl
            | Self::PutMessage
            | Self::GetMessages
            | Self::UpdateMessage
            | Self::DeleteMessage
            | Self::ClearMessages => SecondaryAccess::Never,
        }
    }

    /// What a request needs to be allowed to do the operation, by the pages "Create an account
    /// SAS", "Create a service SAS" and "Authorize with Microsoft Entra ID" of the REST reference.
    #[must_use]
    pub fn permission(self) -> Permission {
        use AccountSasResource::{Container, Object, Service};

        let sas = |resource, letters, queue_sas, actions| Permission {
            account_sas: Some(AccountSasPermission { resource, letters }),
            queue_sas,
            actions,
            anonymous: false,
            bearer_only: false,
        };
        let none = Permission {
            account_sas: None,
            queue_sas: None,
            actions: &[],
            anonymous: false,
            bearer_only: false,
        };
        match self {
            Self::ListQueues => sas(Service, &['l'], None, &[&[action!("queues/read")]]),
            Self::GetServiceProperties | Self::GetServiceStats => {
                sas(Service, &['r'], None, &[&[action!("read")]])
            }
            Self::SetServiceProperties => sas(Service, &['w'], None, &[&[action!("write")]]),
            Self::Preflight => Permission { anonymous: true, ..none },
            Self::GetUserDelegationKey => Permission {
                actions: &[&[action!("generateUserDelegationKey/action")]],
                bearer_only: true,
                ..none
            },
            Self::CreateQueue => sas(Container, &['c', 'w'], None, &[&[action!("queues/write")]]),
            Self::DeleteQueue => sas(Container, &['d'], None, &[&[action!("queues/delete")]]),
            Self::GetQueueMetadata => {
                sas(Container, &['r'], Some('r'), &[&[action!("queues/read")]])
            }
            Self::SetQueueMetadata => sas(Container, &['w'], None, &[&[action!("queues/write")]]),
            Self::GetQueueAcl => {
                Permission { actions: &[&[action!("queues/getAcl/action")]], ..none }
            }
            Self::SetQueueAcl => {
                Permission { actions: &[&[action!("queues/setAcl/action")]], ..none }
            }
            Self::PutMessage => sas(
                Object,
                &['a'],
                Some('a'),
                &[&[action!("queues/messages/add/action")], &[action!("queues/messages/write")]],
            ),
            Self::GetMessages => sas(
                Object,
                &['p'],
                Some('p'),
                &[
                    &[action!("queues/messages/process/action")],
                    &[action!("queues/messages/delete"), action!("queues/messages/read")],
                ],
            ),
            Self::PeekMessages => {
                sas(Object, &['r'], Some('r'), &[&[action!("queues/messages/read")]])
            }
            Self::UpdateMessage => {
                sas(Object, &['u'], Some('u'), &[&[action!("queues/messages/write")]])
            }
            Self::DeleteMessage => sas(
                Object,
                &['p'],
                Some('p'),
                &[
                    &[action!("queues/messages/process/action")],
                    &[action!("queues/messages/delete")],
                ],
            ),
            Self::ClearMessages => {
                sas(Object, &['d'], None, &[&[action!("queues/messages/delete")]])
            }
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_stay_on_the_primary() {
        for kind in OperationKind::ALL {
            if kind.idempotence() != Idempotence::Safe {
                assert_eq!(kind.secondary(), SecondaryAccess::Never, "{kind}");
            }
        }
        assert_eq!(OperationKind::GetMessages.secondary(), SecondaryAccess::Never);
    }

    #[test]
    fn everything_but_preflight_needs_a_permission() {
        for kind in OperationKind::ALL {
            let permission = kind.permission();
            assert_eq!(permission.anonymous, kind == OperationKind::Preflight);
            assert_eq!(permission.actions.is_empty(), permission.anonymous, "{kind}");
            if let (Some(queue), Some(account)) = (permission.queue_sas, permission.account_sas) {
                assert!(account.letters.contains(&queue), "{kind}");
            }
        }
    }
}
