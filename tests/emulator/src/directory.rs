//! The users of bearer tokens, and what they may do: [`Directory`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::role::{Role, Roles};
use crate::token;

/// The most users that are remembered whose tokens limit their own roles.
#[cfg(feature = "bearer")]
const MAX_REMEMBERED: usize = 10_000;

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
    /// The roles that the tokens of owners of delegation keys named, by object id.
    remembered: Mutex<HashMap<String, Roles>>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            assigned: HashMap::new(),
            others: Roles::new([Role::Owner]),
            clear_text: false,
            keys_forbidden: false,
            tenant: token::TENANT.to_owned(),
            remembered: Mutex::default(),
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
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.assigned.get(object_id).or_else(|| remembered.get(object_id));
        known.unwrap_or(&self.others).clone()
    }

    /// Remembers what the token of a user said when a delegation key was given out. False when
    /// there is no room, and then no key may be given out: it would permit more than the user may.
    #[cfg(feature = "bearer")]
    pub(crate) fn remember(&self, object_id: &str, named: &[String]) -> bool {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        match Roles::named(named) {
            None => {
                remembered.remove(object_id);
                true
            }
            Some(roles) => {
                let room = remembered.len() < MAX_REMEMBERED || remembered.contains_key(object_id);
                if room {
                    remembered.insert(object_id.to_owned(), roles);
                }
                room
            }
        }
    }
}
