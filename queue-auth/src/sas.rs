//! Shared access signatures.

mod permission;

pub use permission::{
    AccountPermissions, InvalidLetters, QueuePermissions, ResourceTypes, Services,
};
