//! Everything that is written into messages around their texts, as JSON objects with a field that
//! names their schema: the trace that a message belongs to, a pointer to a body that is stored
//! elsewhere, and what is known about a dead letter.

pub(super) mod letter;
pub(super) mod message;
pub(super) mod opened;
pub(super) mod pointer;
mod schema;
pub(super) mod trace;
