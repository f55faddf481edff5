//! [`Held`]: the leases of a walk, 42 bytes each, so that a queue of a million messages can be held.
//! Come here for what is kept of a message after its text was given to the caller.

mod leases;
mod record;
mod records;

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use hashbrown::HashTable;
use queue_proto::{MessageId, PopReceipt};

pub(super) use self::{
    leases::{Lease, Leases},
    record::Standing,
};
use self::{
    record::{BUSY, DEAD_RECORD, DOOMED, LAPSED, ODD, RECEIPT, Record, SHAKY, guid, unpadded},
    records::Records,
};

/// When this many more leases than are held are dead, they are swept out.
const DEAD: usize = 4096;

/// What a walk holds, in the order in which the leases must be renewed.
#[derive(Debug, Default)]
pub(super) struct Held {
    records: Records<Record>,
    /// The number of the first record.
    first: u32,
    /// The numbers of the records, by their ids.
    numbers: HashTable<u32>,
    odd: HashMap<u32, (MessageId, PopReceipt)>,
    hasher: RandomState,
}

impl Held {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn contains(&self, id: &MessageId) -> bool {
        self.number(id).is_some()
    }

    /// Says whether the message is to be deleted.
    pub(super) fn is_doomed(&self, id: &MessageId) -> bool {
        self.record(id).is_some_and(|record| record.flags & DOOMED != 0)
    }

    /// Says whether this is the newest receipt of the message.
    pub(super) fn is_newest(&self, id: &MessageId, receipt: &PopReceipt) -> bool {
        let newest = self.number(id).and_then(|number| self.receipt(number, self.at(number)?));
        newest.as_ref() == Some(receipt)
    }

    /// The millisecond at which the lease is due, if it was not in doubt until now.
    pub(super) fn due(&self, id: &MessageId) -> Option<u32> {
        let record = self.record(id).filter(|record| record.flags & (LAPSED | SHAKY) == 0)?;
        Some(record.due())
    }

    pub(super) fn standing(&self, id: &MessageId) -> Option<Standing> {
        self.record(id).map(Record::standing)
    }

    /// Takes in a lease, or the new receipt of one, to be renewed at `due`.
    pub(super) fn lease(&mut self, id: &MessageId, receipt: &PopReceipt, due: u32) {
        let doomed = self.kill(id).is_some_and(|flags| flags & DOOMED != 0);
        self.sweep();
        self.append(id, receipt, due, if doomed { DOOMED } else { 0 });
    }

    /// Notes that the message is to be deleted.
    pub(super) fn doom(&mut self, id: &MessageId) {
        self.change(id, |record| record.flags |= DOOMED);
    }

    /// The receipt, for a request that is to be sent now.
    pub(super) fn begin(&mut self, id: &MessageId) -> Option<PopReceipt> {
        let number = self.number(id)?;
        let record = self.at_mut(number)?;
        record.flags |= BUSY;
        let record = *record;
        self.receipt(number, &record)
    }

    /// The request is over, and the receipt is as good as it was; another is due then.
    pub(super) fn failed(&mut self, id: &MessageId, due: u32) {
        self.change(id, |record| {
            record.flags = (record.flags & !BUSY) | SHAKY;
            record.due = due.to_ne_bytes();
        });
    }

    /// The lease is over. Its message may come back.
    pub(super) fn lapse(&mut self, id: &MessageId) {
        let Some(number) = self.number(id) else { return };
        let Some(receipt) = self.at(number).and_then(|record| self.receipt(number, record)) else {
            return;
        };
        let flags = self.kill(id).unwrap_or_default() & DOOMED;
        // Behind all others, since it needs no renewal.
        self.append(id, &receipt, u32::MAX, flags | LAPSED);
    }

    pub(super) fn remove(&mut self, id: &MessageId) {
        self.kill(id);
    }

    /// The first lease that is due, if any is, marked as busy.
    pub(super) fn renew_next(&mut self, now: u32) -> Option<(MessageId, PopReceipt)> {
        self.drop_dead();
        let at = self.records.iter().position(Record::can_be_due)?;
        let record = self.records.get_mut(at).filter(|record| record.due() <= now)?;
        record.flags |= BUSY;
        let record = *record;
        let number = self.first.wrapping_add(u32::try_from(at).ok()?);
        self.id_and_receipt(number, &record)
    }

    /// The millisecond at which the first lease is due, if any will be.
    pub(super) fn next_due(&mut self) -> Option<u32> {
        self.drop_dead();
        self.records.iter().find(|record| record.can_be_due()).map(Record::due)
    }

    /// All leases, the oldest first. What finds them by their ids is given up at once.
    pub(super) fn into_leases(self) -> Leases {
        let left = self.len();
        Leases { records: self.records, number: self.first, odd: self.odd, left }
    }

    fn append(&mut self, id: &MessageId, receipt: &PopReceipt, due: u32, flags: u8) {
        if self.first.checked_add(self.length()).is_none_or(|next| next == u32::MAX) {
            self.renumber();
        }
        let number = self.first.saturating_add(self.length());
        let record = match (guid(id), unpadded(receipt)) {
            (Some(id), Some((receipt, length))) => {
                Record { id, receipt, due: due.to_ne_bytes(), length, flags }
            }
            _ => {
                self.odd.insert(number, (id.clone(), receipt.clone()));
                let id = self.key(id);
                Record {
                    id,
                    receipt: [0; RECEIPT],
                    due: due.to_ne_bytes(),
                    length: 0,
                    flags: flags | ODD,
                }
            }
        };
        self.records.push_back(record);
        let hash = self.hasher.hash_one(record.id);
        let (records, hasher, first) = (&self.records, &self.hasher, self.first);
        self.numbers.insert_unique(hash, number, |&number| {
            hasher.hash_one(records.get(index(number, first)).map_or([0; 16], |record| record.id))
        });
    }

    /// Takes the record of a message out, and returns its flags.
    fn kill(&mut self, id: &MessageId) -> Option<u8> {
        let number = self.number(id)?;
        let hash = self.hasher.hash_one(self.at(number)?.id);
        if let Ok(entry) = self.numbers.find_entry(hash, |&other| other == number) {
            entry.remove();
        }
        self.odd.remove(&number);
        let record = self.at_mut(number)?;
        let flags = record.flags;
        record.flags = DEAD_RECORD;
        Some(flags)
    }

    /// Drops dead records in front.
    fn drop_dead(&mut self) {
        while self.records.front().is_some_and(|record| record.flags & DEAD_RECORD != 0) {
            self.records.drop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    /// Drops the dead records in the middle, once they are many.
    fn sweep(&mut self) {
        self.drop_dead();
        if self.records.len() > 2 * self.len() + DEAD {
            self.renumber();
        }
    }

    /// Drops all dead records, and numbers the others from 0.
    fn renumber(&mut self) {
        let Self { records, first, numbers, odd, hasher } = self;
        let mut kept_odd = HashMap::new();
        let (mut number, mut next) = (*first, 0);
        records.retain(|record| {
            let live = record.flags & DEAD_RECORD == 0;
            if live {
                if let Some(odd) = odd.remove(&number) {
                    kept_odd.insert(next, odd);
                }
                next += 1;
            }
            number = number.wrapping_add(1);
            live
        });
        (*odd, *first) = (kept_odd, 0);
        numbers.clear();
        for (number, record) in (0..).zip(records.iter()) {
            numbers.insert_unique(hasher.hash_one(record.id), number, |&number| {
                let id = records.get(number as usize).map_or([0; 16], |record| record.id);
                hasher.hash_one(id)
            });
        }
    }

    fn length(&self) -> u32 {
        u32::try_from(self.records.len()).unwrap_or(u32::MAX)
    }

    fn number(&self, id: &MessageId) -> Option<u32> {
        let key = self.key(id);
        let same = |&number: &u32| {
            self.at(number).is_some_and(|record| {
                let odd = record.flags & ODD != 0;
                record.id == key
                    && (!odd || self.odd.get(&number).is_some_and(|(other, _)| other == id))
            })
        };
        self.numbers.find(self.hasher.hash_one(key), same).copied()
    }

    /// The bytes of a GUID, or of two hashes of anything else.
    fn key(&self, id: &MessageId) -> [u8; 16] {
        guid(id).unwrap_or_else(|| {
            let mut key = [0; 16];
            let halves = [self.hasher.hash_one(id), self.hasher.hash_one((id, 1))];
            for (to, byte) in key.iter_mut().zip(halves.into_iter().flat_map(u64::to_be_bytes)) {
                *to = byte;
            }
            key
        })
    }

    fn at(&self, number: u32) -> Option<&Record> {
        self.records.get(index(number, self.first))
    }

    fn at_mut(&mut self, number: u32) -> Option<&mut Record> {
        self.records.get_mut(index(number, self.first))
    }

    fn record(&self, id: &MessageId) -> Option<&Record> {
        self.at(self.number(id)?)
    }

    fn change(&mut self, id: &MessageId, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.number(id).and_then(|number| self.at_mut(number)) {
            change(record);
        }
    }

    fn id_and_receipt(&self, number: u32, record: &Record) -> Option<(MessageId, PopReceipt)> {
        self.odd.get(&number).cloned().or_else(|| record.id_and_receipt())
    }

    fn receipt(&self, number: u32, record: &Record) -> Option<PopReceipt> {
        match self.odd.get(&number) {
            Some((_, receipt)) => Some(receipt.clone()),
            None => record.receipt(),
        }
    }
}

const fn index(number: u32, first: u32) -> usize {
    number.wrapping_sub(first) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use uuid::Uuid;

    use super::*;

    fn id(number: u64) -> MessageId {
        // Every seventh is of a form that the service does not use.
        let guid = Uuid::from_u64_pair(number, number).hyphenated().to_string();
        MessageId::new(if number.is_multiple_of(7) { format!("m{number}") } else { guid }).unwrap()
    }

    fn receipt(number: u64) -> PopReceipt {
        let odd = number.is_multiple_of(11);
        let text = if odd { format!("~{number}") } else { STANDARD.encode(number.to_be_bytes()) };
        PopReceipt::new(text).unwrap()
    }

    #[test]
    fn a_lease_is_small() {
        assert_eq!(size_of::<Record>(), 42);
        // What the service writes fits.
        let of_the_service = PopReceipt::new("AgAAAAMAAAAAAAAAY5TrVbbT1wE=").unwrap();
        assert!(unpadded(&of_the_service).is_some());
    }

    /// Any sequence of operations leaves what an ordinary map would hold.
    #[test]
    fn it_holds_what_a_map_would() {
        let mut random = fastrand::Rng::with_seed(17);
        let mut held = Held { first: u32::MAX - 3000, ..Held::default() };
        let mut model: BTreeMap<u64, (u64, bool)> = BTreeMap::new();
        for step in 0..60_000_u64 {
            let number = random.u64(..300);
            match random.u8(..10) {
                0..=4 => {
                    let doomed = model.get(&number).is_some_and(|(_, doomed)| *doomed);
                    held.lease(&id(number), &receipt(step), 5);
                    model.insert(number, (step, doomed));
                }
                5 => {
                    held.remove(&id(number));
                    model.remove(&number);
                }
                6 => {
                    held.doom(&id(number));
                    model.entry(number).and_modify(|(_, doomed)| *doomed = true);
                }
                7 => held.lapse(&id(number)),
                // The numbers of a walk that ends and of the next one have nothing in common.
                8 if step.is_multiple_of(500) => {
                    let mut leases = std::mem::take(&mut held).into_leases();
                    while let Some(lease) = leases.next() {
                        let number = (0..300).find(|number| id(*number) == lease.id).unwrap();
                        let (at, doomed) = model.remove(&number).unwrap();
                        assert_eq!((lease.receipt, lease.doomed), (receipt(at), doomed));
                        assert_eq!(leases.len(), model.len());
                    }
                    assert!(model.is_empty());
                    held.first = u32::MAX - 3000;
                }
                _ => {
                    let begun = held.begin(&id(number));
                    assert_eq!(begun, model.get(&number).map(|(at, _)| receipt(*at)));
                    held.failed(&id(number), 5);
                }
            }
            assert_eq!(held.len(), model.len());
            assert_eq!(held.contains(&id(number)), model.contains_key(&number));
            assert!(held.records.len() <= 2 * held.len() + DEAD + 1);
        }
    }

    #[test]
    fn leases_are_due_in_turn() {
        let mut held = Held::default();
        for number in 0..3 {
            held.lease(&id(number), &receipt(number), 10 * (1 + number as u32));
        }
        assert_eq!((held.next_due(), held.renew_next(9)), (Some(10), None));
        assert_eq!(held.renew_next(25), Some((id(0), receipt(0))));
        assert_eq!(held.standing(&id(0)), Some(Standing::Busy));
        assert_eq!(held.renew_next(25), Some((id(1), receipt(1))));
        assert_eq!((held.renew_next(25), held.next_due()), (None, Some(30)));
        held.lease(&id(0), &receipt(9), 60);
        held.lapse(&id(1));
        assert_eq!(held.standing(&id(1)), Some(Standing::Lapsed));
        assert_eq!(held.renew_next(70), Some((id(2), receipt(2))));
        assert_eq!(held.renew_next(70), Some((id(0), receipt(9))));
        assert_eq!((held.renew_next(u32::MAX - 1), held.next_due()), (None, None));
    }
}
