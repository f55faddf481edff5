//! [`Few`], a list that needs no allocation while it is short, which nearly every request is.

/// The string to sign while it grows; the requests of the service sign well below this size.
pub(super) type Buffer = Few<u8, 512>;

/// A list with its items on the stack up to `N`, then on the heap.
#[derive(Debug)]
pub(super) struct Few<T, const N: usize> {
    inline: [T; N],
    len: usize,
    spilled: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    pub(super) fn new() -> Self {
        Self { inline: [T::default(); N], len: 0, spilled: Vec::new() }
    }

    #[inline]
    pub(super) fn push(&mut self, item: T) {
        match self.inline.get_mut(self.len) {
            Some(place) => {
                *place = item;
                self.len += 1;
            }
            None => self.spill(&[item]),
        }
    }

    #[inline]
    pub(super) fn extend(&mut self, items: &[T]) {
        let end = self.len + items.len();
        match self.inline.get_mut(self.len..end) {
            Some(place) if self.spilled.is_empty() => {
                place.copy_from_slice(items);
                self.len = end;
            }
            _ => self.spill(items),
        }
    }

    #[cold]
    fn spill(&mut self, items: &[T]) {
        if self.spilled.is_empty() {
            self.spilled.extend(self.inline.iter().take(self.len));
            // Nothing goes inline any more.
            self.len = N;
        }
        self.spilled.extend_from_slice(items);
    }

    pub(super) fn as_slice(&self) -> &[T] {
        if self.spilled.is_empty() {
            self.inline.get(..self.len).unwrap_or_default()
        } else {
            &self.spilled
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
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
        for count in 0..40u8 {
            let mut few = Few::<u8, 8>::new();
            (0..count).for_each(|item| few.push(item));
            let expected: Vec<u8> = (0..count).collect();
            assert_eq!(few.as_slice(), expected);
            assert_eq!(few.as_mut_slice(), expected);
            few.extend(&expected);
            few.push(7);
            assert_eq!(few.as_slice(), [&*expected, &*expected, &[7]].concat());
        }
    }

    #[test]
    fn a_long_piece_spills_what_was_there() {
        let mut few = Few::<u8, 4>::new();
        few.extend(b"abc");
        few.extend(b"defgh");
        few.extend(b"i");
        assert_eq!(few.as_slice(), b"abcdefghi");
    }
}
