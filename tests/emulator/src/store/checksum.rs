//! XXH64, the checksum of what is stored.
//!
//! It finds damage, and no malice: whoever may write the folder may write checksums too. It was
//! chosen since it costs next to nothing beside the write of a row, a text of 64 KiB included, and
//! since its result is the same in every version and on every machine.

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

/// The checksum of bytes. Another `seed` makes it another function: the number of a row in it
/// binds the bytes to the row.
pub(super) fn checksum(bytes: &[u8], seed: u64) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut hash = if blocks.is_empty() {
        seed.wrapping_add(P5)
    } else {
        let mut lanes = [
            seed.wrapping_add(P1).wrapping_add(P2),
            seed.wrapping_add(P2),
            seed,
            seed.wrapping_sub(P1),
        ];
        for block in blocks {
            let (words, _) = block.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let turned = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
        let merged = turned.fold(0_u64, u64::wrapping_add);
        lanes
            .iter()
            .fold(merged, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(P1).wrapping_add(P4))
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash ^= round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(P1);
        hash = hash.rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(P5);
        hash = hash.rotate_left(11).wrapping_mul(P1);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(P2);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(P3);
    hash ^ (hash >> 32)
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // The first three stand in many descriptions of XXH64.
        for (text, expected) in [
            ("", 0xEF46_DB37_51D8_E999),
            ("a", 0xD24E_C4F1_A98C_6E5B),
            ("abc", 0x44BC_2CF5_AD77_0999),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
        ] {
            assert_eq!(checksum(text.as_bytes(), 0), expected, "{text}");
        }
    }

    #[test]
    fn every_flipped_bit_and_another_seed_are_found() {
        let text: Vec<u8> = (0..100).collect();
        for length in [1, 7, 8, 31, 32, 33, 100] {
            let mut bytes = text.get(..length).unwrap().to_vec();
            let whole = checksum(&bytes, 5);
            assert_ne!(whole, checksum(&bytes, 6));
            for bit in 0..length * 8 {
                *bytes.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
                assert_ne!(whole, checksum(&bytes, 5), "bit {bit} of {length} bytes");
                *bytes.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
            }
        }
    }
}
