//! [`Records`]: a queue of records in pieces that are given back to the system when they are empty, so
//! that a walk which lets a million messages go does not keep their memory until the last one.

use std::collections::VecDeque;

/// The records of one piece.
const PIECE: usize = 4096;

/// A queue of records.
///
/// All pieces but the first and the last are full. The first one has lost its front, and the last one
/// is not full yet.
#[derive(Debug)]
pub(super) struct Records<T> {
    pieces: VecDeque<Vec<T>>,
    /// The records that were taken from the front of the first piece.
    taken: usize,
    length: usize,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), taken: 0, length: 0 }
    }
}

impl<T> Records<T> {
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn push_back(&mut self, record: T) {
        match self.pieces.back_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(record),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(record);
                self.pieces.push_back(piece);
            }
        }
        self.length += 1;
    }

    /// Takes the front record out.
    pub(super) fn drop_front(&mut self) {
        if self.length == 0 {
            return;
        }
        self.taken += 1;
        self.length -= 1;
        if self.taken == PIECE || self.length == 0 {
            self.pieces.pop_front();
            self.taken = 0;
        }
    }

    pub(super) fn front(&self) -> Option<&T> {
        self.get(0)
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        let place = index.checked_add(self.taken)?;
        self.pieces.get(place / PIECE)?.get(place % PIECE)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let place = index.checked_add(self.taken)?;
        self.pieces.get_mut(place / PIECE)?.get_mut(place % PIECE)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten().skip(self.taken)
    }
}

impl<T: Copy> Records<T> {
    /// Drops the records that are not wanted, and looks at each once, from front to back.
    pub(super) fn retain(&mut self, mut is_wanted: impl FnMut(&T) -> bool) {
        let mut kept = Self::default();
        let mut taken = self.taken;
        while let Some(piece) = self.pieces.pop_front() {
            for record in piece.iter().skip(taken).filter(|record| is_wanted(record)) {
                kept.push_back(*record);
            }
            taken = 0;
        }
        *self = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_queue() {
        let mut random = fastrand::Rng::with_seed(3);
        let (mut records, mut model) = (Records::default(), VecDeque::new());
        for step in 0..200_000_u32 {
            // It grows over several pieces, and shrinks to nothing.
            let grows = (step / 20_000).is_multiple_of(2);
            match random.u8(..10) {
                0..=6 if grows => {
                    records.push_back(step);
                    model.push_back(step);
                }
                7 | 8 if grows => {
                    let index = random.usize(..=model.len());
                    assert_eq!(records.get_mut(index), model.get_mut(index));
                }
                _ => {
                    records.drop_front();
                    model.pop_front();
                }
            }
            assert_eq!((records.len(), records.front()), (model.len(), model.front()));
            if step.is_multiple_of(9_000) {
                let mut seen = Vec::new();
                records.retain(|record| {
                    seen.push(*record);
                    !record.is_multiple_of(3)
                });
                assert!(seen.iter().eq(&model));
                model.retain(|record| !record.is_multiple_of(3));
                assert!(records.iter().eq(&model));
                let last = records.pieces.back().map_or(0, Vec::len);
                assert!(
                    records.pieces.iter().all(|piece| piece.len() == PIECE || piece.len() == last)
                );
            }
        }
        while records.len() > 0 {
            records.drop_front();
        }
        assert!(records.pieces.is_empty() && records.iter().next().is_none());
    }
}
