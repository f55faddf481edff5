//! [`Leases`]: what a walk held, as it leaves.

use std::collections::HashMap;

use queue_proto::{MessageId, PopReceipt};

use super::{
    record::{DEAD_RECORD, DOOMED, Record, Standing},
    records::Records,
};

/// A lease as it leaves.
#[derive(Debug)]
pub(in crate::bulk) struct Lease {
    pub(in crate::bulk) id: MessageId,
    pub(in crate::bulk) receipt: PopReceipt,
    pub(in crate::bulk) standing: Standing,
    pub(in crate::bulk) doomed: bool,
}

/// The leases of a walk as they leave, the oldest first.
#[derive(Debug)]
pub(in crate::bulk) struct Leases {
    pub(super) records: Records<Record>,
    /// The number of the first record.
    pub(super) number: u32,
    pub(super) odd: HashMap<u32, (MessageId, PopReceipt)>,
    pub(super) left: usize,
}

impl Leases {
    /// The number of leases that are still to come.
    pub(in crate::bulk) const fn len(&self) -> usize {
        self.left
    }
}

impl Iterator for Leases {
    type Item = Lease;

    fn next(&mut self) -> Option<Lease> {
        loop {
            let record = *self.records.front()?;
            self.records.drop_front();
            let odd = self.odd.remove(&self.number);
            self.number = self.number.wrapping_add(1);
            if record.flags & DEAD_RECORD != 0 {
                continue;
            }
            self.left = self.left.saturating_sub(1);
            let (id, receipt) = odd.or_else(|| record.id_and_receipt())?;
            let (standing, doomed) = (record.standing(), record.flags & DOOMED != 0);
            return Some(Lease { id, receipt, standing, doomed });
        }
    }
}
