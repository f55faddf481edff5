//! [`Spread`]: which stripe is next, and [`stripe_of`], which stripe a key belongs to.

use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};

/// The turns of the stripes: one counter for what is sent, one for what is received.
#[derive(Debug)]
pub(super) struct Spread {
    sent: AtomicUsize,
    received: AtomicUsize,
}

impl Spread {
    /// Turns that begin anywhere: programs that send one message and end must not all send it to the
    /// first stripe.
    pub(super) const fn starting_at(random: u64) -> Self {
        let start = random as usize;
        Self { sent: AtomicUsize::new(start), received: AtomicUsize::new(start) }
    }

    /// The stripe that the next message is sent to.
    pub(super) fn next_to_send(&self, stripes: usize) -> usize {
        turn(&self.sent, stripes)
    }

    /// The stripe that is asked first by the next receive.
    pub(super) fn next_to_receive(&self, stripes: usize) -> usize {
        turn(&self.received, stripes)
    }
}

fn turn(counter: &AtomicUsize, stripes: usize) -> usize {
    counter.fetch_add(1, Ordering::Relaxed).checked_rem(stripes).unwrap_or_default()
}

/// The stripe of a key, from 0: the jump consistent hash (Lamping and Veach, 2014) of the first eight
/// bytes of the key's SHA-256, most significant byte first.
///
/// It is an agreement between all programs that send to the same stripes, so it never changes.
pub(super) fn stripe_of(key: &[u8], stripes: usize) -> usize {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let (first, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    jump(u64::from_be_bytes(*first), stripes)
}

fn jump(mut key: u64, buckets: usize) -> usize {
    let (mut bucket, mut next) = (0_u64, 0_u64);
    while next < buckets as u64 {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        // Division and product of two numbers are rounded in the same way on every machine.
        next = ((bucket + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as u64;
    }
    bucket as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jumps_are_those_of_other_implementations() {
        for (key, buckets, expected) in [
            (1, 1, 0),
            (42, 57, 43),
            (0xDEAD_10CC, 1, 0),
            (0xDEAD_10CC, 666, 361),
            (256, 1024, 520),
        ] {
            assert_eq!(jump(key, buckets), expected, "{key} of {buckets}");
        }
    }

    #[test]
    fn keys_have_the_same_stripe_for_ever() {
        // Computed in Python: hashlib.sha256, int.from_bytes(digest[:8], "big"), and the loop of the paper.
        for (key, of_four, of_eight) in KNOWN {
            let key = key.as_bytes();
            assert_eq!((stripe_of(key, 4), stripe_of(key, 8)), (of_four, of_eight), "{key:?}");
        }
    }

    #[test]
    fn stripes_get_about_equally_many_keys() {
        for stripes in [2, 3, 4, 7, 16] {
            let mut keys = vec![0_usize; stripes];
            for number in 0..10_000 {
                keys[stripe_of(format!("customer-{number}").as_bytes(), stripes)] += 1;
            }
            let fair = 10_000 / stripes;
            for keys in keys {
                assert!(keys.abs_diff(fair) < fair / 5, "{keys} of about {fair}");
            }
        }
    }

    #[test]
    fn growing_moves_keys_to_the_new_stripe_alone_and_few_of_them() {
        for stripes in 1..20 {
            let mut moved = 0;
            for number in 0..5_000 {
                let key = format!("customer-{number}");
                let (before, after) =
                    (stripe_of(key.as_bytes(), stripes), stripe_of(key.as_bytes(), stripes + 1));
                if before != after {
                    assert_eq!(after, stripes, "{key} goes to the new stripe");
                    moved += 1;
                }
            }
            let fair = 5_000 / (stripes + 1);
            assert!(moved < fair + fair / 4, "{moved} of about {fair} moved from {stripes}");
        }
    }

    #[test]
    fn turns_go_round_from_anywhere_and_over_the_end_of_the_numbers() {
        let spread = Spread::starting_at(u64::MAX);
        let stripes: Vec<_> = (0..9).map(|_| spread.next_to_send(4)).collect();
        for window in stripes.windows(2) {
            assert_eq!((window[0] + 1) % 4, window[1], "{stripes:?}");
        }
        assert_eq!(spread.next_to_receive(1), 0);
    }

    const KNOWN: [(&str, usize, usize); 7] = [
        ("", 2, 5),
        ("customer-1", 2, 2),
        ("customer-2", 2, 2),
        ("customer-3", 2, 4),
        ("customer-17", 2, 6),
        ("order 17", 2, 2),
        ("\u{fc}", 1, 1),
    ];
}
