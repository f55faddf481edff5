//! Reads the body of an answer up to a bound.

use bytes::{Bytes, BytesMut};

use super::{TransportError, TransportErrorKind};

/// The pieces of a body as they arrive.
///
/// Most answers arrive as one piece, which is passed on without a copy.
pub(super) struct BodyReader {
    limit: usize,
    /// The length that the head of the answer names.
    announced: Option<u64>,
    first: Bytes,
    all: BytesMut,
}

impl BodyReader {
    /// # Errors
    ///
    /// [`TransportErrorKind::TooLarge`] when the announced length is above `limit`.
    pub(super) fn new(limit: usize, announced: Option<u64>) -> Result<Self, TransportError> {
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(TransportError::new(TransportErrorKind::TooLarge));
        }
        Ok(Self { limit, announced, first: Bytes::new(), all: BytesMut::new() })
    }

    /// # Errors
    ///
    /// [`TransportErrorKind::TooLarge`] when there is more than the limit by now.
    pub(super) fn push(&mut self, piece: Bytes) -> Result<(), TransportError> {
        let so_far = self.first.len() + self.all.len();
        if piece.len() > self.limit.saturating_sub(so_far) {
            return Err(TransportError::new(TransportErrorKind::TooLarge));
        }
        if so_far == 0 {
            self.first = piece;
            return Ok(());
        }
        if self.all.is_empty() {
            let announced = self.announced.and_then(|length| usize::try_from(length).ok());
            self.all.reserve(announced.unwrap_or_default().max(so_far + piece.len()));
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
        Ok(())
    }

    pub(super) fn finish(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(limit: usize, announced: Option<u64>, pieces: &[&'static str]) -> Option<Bytes> {
        let mut reader = BodyReader::new(limit, announced).ok()?;
        for piece in pieces {
            reader.push(Bytes::from_static(piece.as_bytes())).ok()?;
        }
        Some(reader.finish())
    }

    #[test]
    fn pieces_are_joined_in_order() {
        for announced in [None, Some(6), Some(3)] {
            assert_eq!(read(6, announced, &["ab", "", "cd", "ef"]).unwrap(), "abcdef");
            assert_eq!(read(6, announced, &["", "ab"]).unwrap(), "ab");
            assert_eq!(read(6, announced, &[]).unwrap(), "");
        }
    }

    #[test]
    fn one_piece_is_not_copied() {
        let piece = Bytes::from(vec![b'x'; 100]);
        let mut reader = BodyReader::new(100, None).unwrap();
        reader.push(piece.clone()).unwrap();
        assert_eq!(reader.finish().as_ptr(), piece.as_ptr());
    }

    #[test]
    fn the_limit_holds_for_the_sum() {
        assert!(read(6, None, &["abc", "def"]).is_some());
        assert!(read(6, None, &["abc", "defg"]).is_none());
        assert!(read(6, Some(7), &[]).is_none());
        assert!(read(0, None, &["a"]).is_none());
    }
}
