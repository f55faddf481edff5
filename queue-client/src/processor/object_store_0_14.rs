//! Large bodies in any store of the crate `object_store`, version 0.14. The module has the version in
//! its name, so that a later `object_store` is one more module and breaks no program.

pub use super::body_store::ObjectBodyStore;
