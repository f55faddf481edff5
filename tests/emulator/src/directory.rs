//! The users of bearer tokens, and what they may do: [`Directory`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::role::{Role, Roles};
use crate::state::Moment;
use crate::token;

/// The most owners of user delegation keys that are remembered at once.
#[cfg(feature = "bearer")]
const MAX_REMEMBERED: usize = 10_000;

/// The owner of a user delegation key, as the token was that the key was given out for.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(any(feature = "bearer", feature = "durable")),
    expect(dead_code, reason = "nobody gives keys out")
)]
pub(crate) struct Owner {
    pub(crate) object_id: String,
    /// The roles that the token named, if it named any.
    pub(crate) roles: Option<Roles>,
    /// The time at which the last key of this owner expires.
    pub(crate) until: Moment,
}

/// The roles of all users.
#[derive(Debug)]
pub(crate) struct Directory {
    /// Roles by object id.
    pub(crate) assigned: HashMap<String, Roles>,
    /// The roles of everybody else.
    pub(crate) others: Roles,
    /// True if bearer tokens may come from this machine over plain HTTP.
    pub(crate) clear_text: bool,
    /// Whether account keys, and signatures that were made with one, are refused.
    pub(crate) keys_forbidden: bool,
    pub(crate) tenant: String,
    /// The owners of delegation keys whose tokens named their roles.
    pub(crate) owners: Arc<Owners>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            assigned: HashMap::new(),
            others: Roles::new([Role::Owner]),
            clear_text: false,
            keys_forbidden: false,
            tenant: token::TENANT.to_owned(),
            owners: Arc::default(),
        }
    }

    /// The roles of a user whose token is at hand: those assigned, else those that the token
    /// names, else those that everybody has.
    #[cfg(feature = "bearer")]
    pub(crate) fn roles_by_token(&self, object_id: &str, named: &[String]) -> Roles {
        let assigned = self.assigned.get(object_id).cloned();
        assigned.or_else(|| Roles::named(named)).unwrap_or_else(|| self.others.clone())
    }

    /// The roles of the owner of a delegation key, who is not there.
    pub(crate) fn roles_of_owner(&self, object_id: &str) -> Roles {
        let assigned = self.assigned.get(object_id).cloned();
        // A key of one who is not remembered proves that the token named no roles.
        assigned.or_else(|| self.owners.roles(object_id)).unwrap_or_else(|| self.others.clone())
    }
}

/// The owners of user delegation keys whose tokens named their roles, and thereby limited them.
///
/// Their keys are others than those of owners without a limit. So an owner who is forgotten, since
/// the emulator was started again without a store, is refused; by what is left of the key nobody
/// could tell what the owner may do.
#[derive(Debug, Default)]
pub(crate) struct Owners(Mutex<HashMap<String, Owner>>);

impl Owners {
    /// The roles to which an owner is limited.
    pub(crate) fn roles(&self, object_id: &str) -> Option<Roles> {
        self.lock().get(object_id).and_then(|owner| owner.roles.clone())
    }

    /// Remembers what the token of a user said when a delegation key was given out. `None` when
    /// there is no room at the time `now`, and then no key may be given out.
    #[cfg(feature = "bearer")]
    pub(crate) fn remember(&self, mut owner: Owner, now: Moment) -> Option<Owner> {
        let mut owners = self.lock();
        if owner.roles.is_none() {
            owners.remove(&owner.object_id);
            return Some(owner);
        }
        if let Some(known) = owners.get(&owner.object_id) {
            owner.until = known.until.max(owner.until);
        } else if owners.len() >= MAX_REMEMBERED {
            owners.retain(|_, owner| owner.until > now);
            if owners.len() >= MAX_REMEMBERED {
                return None;
            }
        }
        owners.insert(owner.object_id.clone(), owner.clone());
        Some(owner)
    }

    /// Remembers owners as they were stored.
    #[cfg(feature = "durable")]
    pub(crate) fn remember_all(&self, stored: Vec<Owner>) {
        let limited = stored.into_iter().filter(|owner| owner.roles.is_some());
        self.lock().extend(limited.map(|owner| (owner.object_id.clone(), owner)));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
