//! [`Record`]: what is kept of one message that is leased, in 42 bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use queue_proto::{MessageId, PopReceipt};
use uuid::Uuid;

/// The bytes that a receipt of the service has, once its base64 is read.
pub(super) const RECEIPT: usize = 20;

/// The lease is being renewed or its message deleted: no other request may be sent for it.
pub(super) const BUSY: u8 = 1;
/// The message is to be deleted.
pub(super) const DOOMED: u8 = 2;
/// The lease is over, and the receipt is no longer valid.
pub(super) const LAPSED: u8 = 4;
/// The id and the receipt are kept in full, since they are not of the service's usual form.
pub(super) const ODD: u8 = 8;
/// A renewal failed, so that the lease may end at any time.
pub(super) const SHAKY: u8 = 32;
/// The record belongs to no message any more.
pub(super) const DEAD_RECORD: u8 = 16;

/// What is kept of one message that is leased.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) id: [u8; 16],
    pub(super) receipt: [u8; RECEIPT],
    /// The millisecond, since the walk began, at which the lease is to be renewed: the bytes of a `u32`,
    /// which itself would make a record two bytes longer.
    pub(super) due: [u8; 4],
    pub(super) length: u8,
    pub(super) flags: u8,
}

impl Record {
    pub(super) const fn can_be_due(&self) -> bool {
        self.flags & (BUSY | LAPSED | DEAD_RECORD) == 0
    }

    pub(super) const fn due(&self) -> u32 {
        u32::from_ne_bytes(self.due)
    }

    pub(super) const fn standing(&self) -> Standing {
        if self.flags & BUSY != 0 {
            Standing::Busy
        } else if self.flags & LAPSED != 0 {
            Standing::Lapsed
        } else {
            Standing::Leased
        }
    }

    /// The id and the receipt, if they are not odd.
    pub(super) fn id_and_receipt(&self) -> Option<(MessageId, PopReceipt)> {
        let id = MessageId::new(Uuid::from_bytes(self.id).hyphenated().to_string()).ok()?;
        Some((id, self.receipt()?))
    }

    /// The receipt, if it is not odd.
    pub(super) fn receipt(&self) -> Option<PopReceipt> {
        PopReceipt::new(STANDARD.encode(self.receipt.get(..self.length.into())?)).ok()
    }
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bulk) enum Standing {
    /// It is leased, and nothing is under way.
    Leased,
    /// It is being renewed or deleted.
    Busy,
    /// Its lease is over: it may come back, or belong to somebody else.
    Lapsed,
}

/// The bytes of an id that is a GUID as the service writes it.
pub(super) fn guid(id: &MessageId) -> Option<[u8; 16]> {
    let guid = Uuid::try_parse(id.as_str()).ok()?;
    (guid.hyphenated().to_string() == id.as_str()).then(|| guid.into_bytes())
}

/// The bytes of a receipt that is base64 as the service writes it, and their number.
pub(super) fn unpadded(receipt: &PopReceipt) -> Option<([u8; RECEIPT], u8)> {
    let bytes = STANDARD.decode(receipt.as_str()).ok()?;
    let mut inline = [0; RECEIPT];
    inline.get_mut(..bytes.len())?.copy_from_slice(&bytes);
    (STANDARD.encode(&bytes) == receipt.as_str())
        .then_some((inline, u8::try_from(bytes.len()).ok()?))
}
