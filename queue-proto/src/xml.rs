//! The XML bodies of the protocol.
//!
//! Reading borrows from the body, builds no tree, and refuses document types, unknown entities,
//! nesting deeper than 16 and text beyond the limit of its element. Memory is therefore bounded by
//! a small multiple of the body, whose size the transport bounds.

pub(crate) mod acl;
pub(crate) mod delegation;
pub(crate) mod error;
pub(crate) mod messages;
mod problem;
pub(crate) mod properties;
pub(crate) mod queues;
mod reader;
pub(crate) mod scan;
mod writer;

pub(crate) use self::problem::XmlError;
pub(crate) use self::reader::{Element, Reader};
pub(crate) use self::writer::Writer;

/// The content type of every body.
pub(crate) const CONTENT_TYPE: &str = "application/xml";

/// True for names that can be elements as they stand, whatever the encoding.
pub(crate) fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
