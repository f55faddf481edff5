//! A list that needs no allocation while it is short.

/// As many headers or parameters as any request of the service has.
const INLINE: usize = 16;

/// Items on the stack up to [`INLINE`], then on the heap.
#[derive(Debug)]
pub(crate) struct Few<T> {
    inline: [T; INLINE],
    len: usize,
    spilled: Vec<T>,
}

impl<T: Copy + Default> Few<T> {
    pub(crate) fn new() -> Self {
        Self { inline: [T::default(); INLINE], len: 0, spilled: Vec::new() }
    }

    pub(crate) fn push(&mut self, item: T) {
        if let Some(place) = self.inline.get_mut(self.len) {
            *place = item;
            self.len += 1;
            return;
        }
        if self.spilled.is_empty() {
            self.spilled.extend_from_slice(&self.inline);
        }
        self.spilled.push(item);
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        if self.spilled.is_empty() {
            self.inline.get_mut(..self.len).unwrap_or_default()
        } else {
            &mut self.spilled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_all_items_in_order() {
        for count in [0, 1, INLINE, INLINE + 1, 3 * INLINE] {
            let mut few = Few::new();
            (0..count).for_each(|item| few.push(item));
            assert_eq!(few.as_mut_slice(), (0..count).collect::<Vec<_>>());
        }
    }
}
