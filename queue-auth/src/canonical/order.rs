//! The order in which the service sorts header names, which is not that of their bytes.

use std::cmp::Ordering;

/// The symbols that count, in their order. Together with letters, digits, hyphen and apostrophe
/// these are all the characters of a header name.
const SYMBOLS: &[u8] = b"!#$%&*.^_`|~+";

/// Weight of a byte at the first level; zero is ignored there.
static WEIGHTS: [u8; 256] = weights();

const fn weights() -> [u8; 256] {
    let mut weights = [0; 256];
    let mut next = 1;
    let mut index = 0;
    while index < SYMBOLS.len() {
        set(&mut weights, SYMBOLS.split_at(index).1, next);
        next += 1;
        index += 1;
    }
    let mut rest: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    while let [_, tail @ ..] = rest {
        set(&mut weights, rest, next);
        next += 1;
        rest = tail;
    }
    weights
}

/// Sets the weight of the first byte of `of`.
const fn set(weights: &mut [u8; 256], of: &[u8], weight: u8) {
    if let [byte, ..] = of
        && let (_, [place, ..]) = weights.split_at_mut(*byte as usize)
    {
        *place = weight;
    }
}

fn weight(byte: u8) -> u8 {
    WEIGHTS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Weight of a byte among names that are equal at the first level.
fn tie_weight(byte: u8) -> u8 {
    match byte {
        b'\'' => 1,
        b'-' => 2,
        _ => 0,
    }
}

/// The order in which the service sorts header names (lowercase).
///
/// The reference says "lexicographically", but the service compares like a word sort: hyphens (and
/// apostrophes) first count for nothing, symbols go before digits and digits before letters; among
/// names that are then equal, the one without the hyphen at the first difference goes first. Names
/// sorted by bytes are refused as soon as one continues a common prefix with `_` and another with a
/// letter or digit.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    // What is common at the start weighs the same, at both levels.
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b)
        && first == other
    {
        (a, b) = (rest, others);
    }
    // Nearly always the first difference decides.
    if let (Some(first), Some(second)) = (a.first(), b.first()) {
        let (first, second) = (weight(*first), weight(*second));
        if first != 0 && second != 0 && first != second {
            return first.cmp(&second);
        }
    }
    let first = a.iter().map(|byte| weight(*byte)).filter(|weight| *weight != 0);
    let second = b.iter().map(|byte| weight(*byte)).filter(|weight| *weight != 0);
    first.cmp(second).then_with(|| {
        let first = a.iter().map(|byte| tie_weight(*byte));
        first.cmp(b.iter().map(|byte| tie_weight(*byte)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_digits_letters() {
        let mut names = ["x-ms-meta-ia", "x-ms-meta-i0", "x-ms-meta-i_", "x-ms-meta-i"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["x-ms-meta-i", "x-ms-meta-i_", "x-ms-meta-i0", "x-ms-meta-ia"]);
    }

    #[test]
    fn hyphen_only_breaks_ties() {
        let mut names = ["a-c", "a-b", "ab", "a", "a'b"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["a", "ab", "a'b", "a-b", "a-c"]);
    }

    #[test]
    fn every_byte_in_its_place() {
        let order = b"!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz";
        let weights: Vec<u8> = order.iter().map(|byte| weight(*byte)).collect();
        assert!(weights.is_sorted() && weights.iter().all(|weight| *weight != 0));
        assert_eq!((weight(b'-'), weight(b'\'')), (0, 0));
    }
}
