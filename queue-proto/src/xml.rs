//! The XML bodies of the protocol: one file for each root element, over a common reader and writer.
//!
//! Reading borrows from the body, builds no tree, and refuses document types, unknown entities,
//! nesting deeper than 16 and text beyond the limit of its element. Memory is therefore bounded by
//! a small multiple of the body, whose size the transport bounds.

pub(crate) mod acl;
pub(crate) mod delegation;
mod element;
pub(crate) mod error;
pub(crate) mod messages;
mod problem;
pub(crate) mod properties;
pub(crate) mod queues;
mod reader;
pub(crate) mod stats;
mod values;
mod writer;
