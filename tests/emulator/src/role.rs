//! [`Role`]: what the users of bearer tokens may do, by the names and actions of Azure.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use queue_proto::Permission;

/// A role of Azure role-based access control that matters to queues.
///
/// The names are those of the page "Azure built-in roles for Storage", and the actions are those of
/// "Authorize with Microsoft Entra ID" in the REST reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Every action: a contributor to data, settings and access control lists, and a delegator.
    Owner,
    /// "Storage Queue Data Contributor": queues and messages, and user delegation keys.
    Contributor,
    /// "Storage Queue Data Reader": lists, metadata, and peeking.
    Reader,
    /// "Storage Queue Data Message Processor": peeking, getting and deleting messages.
    Processor,
    /// "Storage Queue Data Message Sender": putting messages.
    Sender,
    /// "Storage Queue Delegator": user delegation keys.
    Delegator,
}

macro_rules! actions {
    ($($action:literal),*) => {
        &[$(concat!("Microsoft.Storage/storageAccounts/queueServices/", $action)),*]
    };
}

impl Role {
    /// Every role, the one that may do most first.
    pub const ALL: [Self; 6] = [
        Self::Owner,
        Self::Contributor,
        Self::Reader,
        Self::Processor,
        Self::Sender,
        Self::Delegator,
    ];

    /// The name in one word: `owner`, `contributor`, `reader`, `processor`, `sender` or
    /// `delegator`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Contributor => "contributor",
            Self::Reader => "reader",
            Self::Processor => "processor",
            Self::Sender => "sender",
            Self::Delegator => "delegator",
        }
    }

    /// The name of the built-in role; for [`Owner`](Self::Owner), which is none, that of the role
    /// for everything.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Contributor => "Storage Queue Data Contributor",
            Self::Reader => "Storage Queue Data Reader",
            Self::Processor => "Storage Queue Data Message Processor",
            Self::Sender => "Storage Queue Data Message Sender",
            Self::Delegator => "Storage Queue Delegator",
        }
    }

    /// The actions that the role allows; `None` for all actions.
    fn actions(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Owner => None,
            Self::Contributor => Some(actions![
                "generateUserDelegationKey/action",
                "queues/delete",
                "queues/read",
                "queues/write",
                "queues/messages/delete",
                "queues/messages/process/action",
                "queues/messages/read",
                "queues/messages/write"
            ]),
            Self::Reader => Some(actions!["queues/read", "queues/messages/read"]),
            Self::Processor => {
                Some(actions!["queues/messages/process/action", "queues/messages/read"])
            }
            Self::Sender => Some(actions!["queues/messages/add/action"]),
            Self::Delegator => Some(actions!["generateUserDelegationKey/action"]),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    /// Reads a name in one word, or the name of the built-in role.
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let is = |role: &Self| {
            text.eq_ignore_ascii_case(role.name()) || text.eq_ignore_ascii_case(role.title())
        };
        Self::ALL.into_iter().find(is).ok_or(UnknownRole)
    }
}

/// A text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownRole;

impl fmt::Display for UnknownRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the role is not known: use ")?;
        for (index, role) in Role::ALL.into_iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == Role::ALL.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{role}")?;
        }
        Ok(())
    }
}

impl Error for UnknownRole {}

/// The roles of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roles(Vec<Role>);

impl Roles {
    pub(crate) fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(roles.into_iter().collect())
    }

    /// The roles among names that may be anything; `None` if no name is that of a role.
    #[cfg(feature = "bearer")]
    pub(crate) fn named(names: &[String]) -> Option<Self> {
        let roles: Vec<Role> = names.iter().filter_map(|name| name.parse().ok()).collect();
        (!roles.is_empty()).then_some(Self(roles))
    }

    /// The roles as a text, for the store.
    #[cfg(feature = "durable")]
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|role| role.name()).collect::<Vec<_>>().join(",")
    }

    /// Reads that text; `None` if it is something else.
    #[cfg(feature = "durable")]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let names = text.split(',').filter(|name| !name.is_empty());
        names.map(|name| name.parse().ok()).collect::<Option<_>>().map(Self)
    }

    /// Whether the roles allow what a permission asks of users: one of its sets of actions, whole.
    pub(crate) fn allow(&self, permission: &Permission) -> bool {
        let has = |action: &&str| {
            self.0.iter().any(|role| role.actions().is_none_or(|actions| actions.contains(action)))
        };
        permission.actions.iter().any(|set| set.iter().all(has))
    }
}

#[cfg(test)]
mod tests {
    use queue_proto::OperationKind;

    use super::*;

    fn allowed(roles: impl IntoIterator<Item = Role>) -> Vec<OperationKind> {
        let roles = Roles::new(roles);
        OperationKind::ALL.into_iter().filter(|kind| roles.allow(&kind.permission())).collect()
    }

    #[test]
    fn roles_and_operations() {
        use OperationKind::*;

        // Preflight needs no role, and so no role has it.
        assert_eq!(allowed([Role::Owner]).len(), 17);
        assert_eq!(allowed([]), []);
        assert_eq!(allowed([Role::Sender]), [PutMessage]);
        assert_eq!(allowed([Role::Delegator]), [GetUserDelegationKey]);
        assert_eq!(allowed([Role::Reader]), [ListQueues, GetQueueMetadata, PeekMessages]);
        assert_eq!(allowed([Role::Processor]), [GetMessages, PeekMessages, DeleteMessage]);
        assert_eq!(
            allowed([Role::Sender, Role::Delegator]),
            [GetUserDelegationKey, PutMessage],
            "roles add up"
        );
        let contributor = allowed([Role::Contributor]);
        for kind in [GetServiceProperties, SetServiceProperties, GetQueueAcl, SetQueueAcl] {
            assert!(!contributor.contains(&kind), "{kind}");
        }
        assert_eq!(contributor.len(), 12);
    }

    #[test]
    fn names_read_back() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(role.title().to_uppercase().parse(), Ok(role));
        }
        let error = "emperor".parse::<Role>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the role is not known: use owner, contributor, reader, processor, sender or delegator"
        );
    }
}
