//! [`Pointer`]: where a body is that did not fit into its message.

use queue_proto::QueueName;
use sha2::{Digest as _, Sha256};

/// Where a body is, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::processor) struct Pointer {
    key: String,
    bytes: u64,
    digest: Option<String>,
    shared: bool,
}

/// A body that is not the one that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::processor) enum OtherBody {
    Size { stored: u64, found: u64 },
    Content,
}

/// The random part of a key, in hexadecimal digits.
const RANDOM: usize = 32;

impl Pointer {
    /// `None` when that is no key.
    pub(in crate::processor) fn new(key: impl Into<String>, bytes: u64) -> Option<Self> {
        let key = key.into();
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let start = key.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        (start && key.len() <= 128 && key.bytes().all(legal)).then_some(Self {
            key,
            bytes,
            digest: None,
            shared: false,
        })
    }

    /// A place for this body that nothing else has, and that nobody can guess.
    pub(in crate::processor) fn unique(
        queue: &QueueName,
        body: &[u8],
    ) -> Result<Self, getrandom::Error> {
        let mut random = [0; RANDOM / 2];
        getrandom::fill(&mut random)?;
        Ok(Self {
            key: format!("{queue}-{:032x}", u128::from_be_bytes(random)),
            bytes: body.len() as u64,
            digest: Some(digest(body)),
            shared: false,
        })
    }

    /// The name of the queue in a key that [`unique`](Self::unique) made.
    pub(in crate::processor) fn queue_of(key: &str) -> Option<&str> {
        let (queue, random) = key.rsplit_once('-')?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (random.len() == RANDOM && random.bytes().all(hex)).then_some(queue)
    }

    pub(in crate::processor) fn with_digest(mut self, digest: Option<&str>) -> Self {
        self.digest = digest.map(str::to_owned);
        self
    }

    /// The same, in a message that may not be the only one with this pointer.
    pub(in crate::processor) const fn sharing(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    pub(in crate::processor) fn key(&self) -> &str {
        &self.key
    }

    /// The size of the body.
    pub(in crate::processor) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest of the body by SHA-256, in hexadecimal digits.
    pub(in crate::processor) fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    pub(in crate::processor) const fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether this is the body that was stored. Pointers without a digest tell only its size.
    pub(in crate::processor) fn check(&self, body: &[u8]) -> Result<(), OtherBody> {
        let found = body.len() as u64;
        if found != self.bytes {
            return Err(OtherBody::Size { stored: self.bytes, found });
        }
        match &self.digest {
            Some(stored) if *stored != digest(body) => Err(OtherBody::Content),
            _ => Ok(()),
        }
    }
}

fn digest(body: &[u8]) -> String {
    use std::fmt::Write as _;

    let mut digest = String::with_capacity(64);
    for byte in Sha256::digest(body) {
        // Writing to a string does not fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_unique_and_tells_its_queue() {
        let queue: QueueName = "orders-2".parse().unwrap();
        let (a, b) =
            (Pointer::unique(&queue, b"a").unwrap(), Pointer::unique(&queue, b"a").unwrap());
        assert_ne!(a.key(), b.key());
        assert_eq!(a.key().len(), "orders-2-".len() + RANDOM);
        assert_eq!(Pointer::queue_of(a.key()), Some("orders-2"));
        for other in ["orders-2", "orders-", "x", "orders-0000000000000000000000000000000G"] {
            assert_eq!(Pointer::queue_of(other), None);
        }
    }

    #[test]
    fn another_body_is_noticed() {
        let queue: QueueName = "orders".parse().unwrap();
        let pointer = Pointer::unique(&queue, b"abc").unwrap();
        assert_eq!(
            pointer.digest(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(pointer.check(b"abc"), Ok(()));
        assert_eq!(pointer.check(b"abd"), Err(OtherBody::Content));
        assert_eq!(pointer.check(b"ab"), Err(OtherBody::Size { stored: 3, found: 2 }));
        let old = Pointer::new("orders-5f0c", 3).unwrap();
        assert_eq!(old.check(b"abd"), Ok(()));
    }
}
