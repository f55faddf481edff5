//! Ids, receipts and times between the state, which has numbers, and the protocol, which has texts.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use queue_proto::{MessageId, PopReceipt};
use uuid::Uuid;

use crate::state::Moment;

/// The form of ids in the protocol: a GUID in lower case.
pub(crate) fn message_id(id: Uuid) -> MessageId {
    let mut buffer = Uuid::encode_buffer();
    let text = id.hyphenated().encode_lower(&mut buffer);
    MessageId::new(&*text).expect("a GUID is a message id")
}

/// The message id, or `None` for one that this service cannot have given out.
pub(crate) fn read_message_id(id: &MessageId) -> Option<Uuid> {
    // The parser also takes forms with braces and without hyphens.
    let id = id.as_str();
    (id.len() == 36).then(|| Uuid::try_parse(id).ok()).flatten()
}

/// Receipts are base64, as those of the service are, so that clients meet every character that
/// they must escape in a query.
pub(crate) fn pop_receipt(receipt: u128) -> PopReceipt {
    PopReceipt::new(STANDARD.encode(receipt.to_be_bytes())).expect("base64 is a pop receipt")
}

/// The time at which a message expires; `None` for never.
pub(crate) fn expiry(at: Moment) -> Option<SystemTime> {
    (at < Moment::NEVER).then(|| at.to_system_time())
}

/// The outcome of reading a text that stands for a receipt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadReceipt {
    /// A receipt of this emulator, or of one that had the same store before.
    Known(u128),
    /// A receipt that another service may have given out: no message here has it.
    Foreign,
    /// A text that is no receipt of any service.
    Malformed,
}

/// Reads a receipt. Whatever is base64 may be a receipt: so the service was recorded, which answers
/// 404 to one that it did not give out, and 400 to what is none.
pub(crate) fn read_pop_receipt(receipt: &PopReceipt) -> ReadReceipt {
    let mut bytes = [0; 16];
    match STANDARD.decode_slice(receipt.as_str(), &mut bytes) {
        Ok(16) => ReadReceipt::Known(u128::from_be_bytes(bytes)),
        Ok(0) => ReadReceipt::Malformed,
        Ok(_) => ReadReceipt::Foreign,
        Err(_) if STANDARD.decode(receipt.as_str()).is_ok() => ReadReceipt::Foreign,
        Err(_) => ReadReceipt::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_receipts_read_back() {
        for value in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            assert_eq!(read_pop_receipt(&pop_receipt(value)), ReadReceipt::Known(value));
            let id = Uuid::from_u128(value);
            assert_eq!(read_message_id(&message_id(id)), Some(id));
        }
    }

    #[test]
    fn others_are_not_taken() {
        let read = |receipt: &str| read_pop_receipt(&PopReceipt::new(receipt).unwrap());
        for receipt in ["x", "abc", "AAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(read(receipt), ReadReceipt::Malformed);
        }
        // The service was recorded with these.
        for receipt in [
            "AgAAAAMAAAAAAAAApfesaQUG1QE=",
            "AwAAAAMAAAAAAAAA2DfQVwUG1QEBAAAA",
            "cydjbbnwcedskaheescl",
        ] {
            assert_eq!(read(receipt), ReadReceipt::Foreign);
        }
        for id in ["x", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdefzzzz"]
        {
            assert_eq!(read_message_id(&MessageId::new(id).unwrap()), None);
        }
    }
}
