//! [`OperationKind`], and what is known about each operation before it is called: whether it can be
//! repeated, where it can be read, and what it needs to be allowed. The rows are in
//! [`table`](crate::kind::table).

pub(crate) mod facts;
pub(crate) mod table;

use std::fmt;

use http::Method;

use crate::kind::facts::AccountSasResource::{Container, Object, Service};
use crate::kind::facts::{Facts, Idempotence, Permission, Route, SecondaryAccess, Verb};
use crate::kind::table::operations;

macro_rules! operation_kind {
    ($($(#[$doc:meta])* $name:ident => $facts:expr,)*) => {
        /// An operation of the queue service.
        ///
        /// What holds for the operation whatever its parameters are is data of this type, so that
        /// clients (retry, fall-over) and servers (authorization) ask the same table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(
            clippy::exhaustive_enums,
            reason = "a new operation must break every server's build"
        )]
        pub enum OperationKind {
            $($(#[$doc])* $name,)*
        }

        impl OperationKind {
            /// Every operation, in the order of the index of the REST reference.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            /// The row of the table.
            const fn facts(self) -> &'static Facts {
                match self {
                    $(Self::$name => const { &$facts },)*
                }
            }
        }
    };
}

macro_rules! action {
    ($action:literal) => {
        concat!("Microsoft.Storage/storageAccounts/queueServices/", $action)
    };
}

operations!(operation_kind);

impl OperationKind {
    /// The name in the REST reference, in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The HTTP method that clients use. A server also takes `HEAD` where an operation reads only
    /// headers.
    #[must_use]
    pub fn method(self) -> Method {
        self.route().verbs.first().map_or(Method::GET, |verb| verb.method())
    }

    /// What happens when the operation is done twice.
    #[must_use]
    pub fn idempotence(self) -> Idempotence {
        self.facts().idempotence
    }

    /// Which copies of the data the operation may go to.
    #[must_use]
    pub fn secondary(self) -> SecondaryAccess {
        self.facts().secondary
    }

    /// What a request needs to be allowed to do the operation, by the pages "Create an account
    /// SAS", "Create a service SAS" and "Authorize with Microsoft Entra ID" of the REST reference.
    #[must_use]
    pub fn permission(self) -> Permission {
        self.facts().permission
    }

    /// How a request names the operation.
    pub(crate) const fn route(self) -> &'static Route {
        &self.facts().route
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
