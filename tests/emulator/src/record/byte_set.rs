//! [`ByteSet`]: a set of bytes that is asked about every byte of a text.

/// A set of bytes, one look for each.
pub(super) struct ByteSet([bool; 256]);

impl ByteSet {
    #[expect(clippy::indexing_slicing, reason = "there is a place for every byte")]
    pub(super) const fn of(mut bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        while let Some((byte, rest)) = bytes.split_first() {
            set[*byte as usize] = true;
            bytes = rest;
        }
        Self(set)
    }

    /// Whether a text has no other bytes. All of them are looked at, which takes less time than to
    /// ask after each whether to go on.
    pub(super) fn are_all_of(&self, text: &[u8]) -> bool {
        let has = |byte: &u8| self.0.get(usize::from(*byte)).is_some_and(|found| *found);
        text.iter().fold(true, |all, byte| all & has(byte))
    }
}
