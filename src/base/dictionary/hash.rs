//! The hash of texts: fixed, inline for the lengths that ids have, and well mixed in all bits.
//!
//! Knows no dictionary.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// The hasher of every dictionary: fixed, so that shards agree between runs.
#[derive(Debug, Clone, Default)]
pub struct TextHasher(FixedState);

/// Numbers without a pattern: the first digits of pi behind the point.
const KEYS: [u64; 8] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7344,
    0xa409_3822_299f_31d0,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6c,
    0xc0ac_29b7_c97c_50dd,
    0x3f84_d5b5_b547_0917,
];
/// An odd number without a pattern (the golden ratio): its products mix bits well.
pub(crate) const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl TextHasher {
    /// The 64-bit hash of a text; the same in every run.
    ///
    /// Up to 64 bytes, words from the begin and from the end are multiplied in pairs; they
    /// overlap where the text is shorter than they are together.
    #[inline(always)]
    pub fn hash(&self, text: &[u8]) -> u64 {
        let hash = match (text.first_chunk::<32>(), text.last_chunk::<32>()) {
            (Some(first), Some(last)) if text.len() > 32 => {
                if text.len() > 64 {
                    return self.long(text);
                }
                let ([a, b], [c, d]) = (halves(first), halves(last));
                pair(a, 0) ^ pair(b, 2) ^ pair(c, 4) ^ pair(d, 6)
            }
            _ => match (text.first_chunk(), text.last_chunk()) {
                (Some(&first), Some(&last)) => pair(first, 0) ^ pair(last, 2),
                _ => {
                    let [first, last] = ends(text);
                    fold(first ^ KEYS[0], last ^ KEYS[1])
                }
            },
        };
        // Texts of the same words differ in how many of their bytes are counted twice.
        fold(hash ^ text.len() as u64, MIX)
    }

    #[cold]
    fn long(&self, text: &[u8]) -> u64 {
        self.0.hash_one(text)
    }
}

/// The first and the last word of a text of less than 16 bytes; with its length they are all
/// of it.
#[inline(always)]
pub(super) fn ends(text: &[u8]) -> [u64; 2] {
    if let (Some(&first), Some(&last)) = (text.first_chunk(), text.last_chunk()) {
        return [u64::from_le_bytes(first), u64::from_le_bytes(last)];
    }
    if let (Some(&first), Some(&last)) = (text.first_chunk(), text.last_chunk()) {
        return [u32::from_le_bytes(first), u32::from_le_bytes(last)].map(u64::from);
    }
    match *text {
        [first, .., last] => [first, last].map(u64::from).map(|it| it | u64::from(text[1]) << 8),
        [only] => [u64::from(only), 0],
        [] => [0, 0],
    }
}

#[inline(always)]
fn halves(bytes: &[u8; 32]) -> [[u8; 16]; 2] {
    let (halves, _) = bytes.as_chunks::<16>();
    [halves[0], halves[1]]
}

#[inline(always)]
fn words(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    [both as u64, (both >> 64) as u64]
}

#[inline(always)]
fn pair(bytes: [u8; 16], key: usize) -> u64 {
    let [low, high] = words(bytes);
    fold(low ^ KEYS[key], high ^ KEYS[key + 1])
}

/// The product of two words, its halves laid upon each other.
#[inline(always)]
pub(super) fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::super::IDS;
    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        let hasher = TextHasher::default();
        for length in 0..150 {
            let mut text = vec![b'a'; length];
            let plain = hasher.hash(&text);
            for shorter in 0..length {
                assert_ne!(plain, hasher.hash(&text[..shorter]), "{shorter} of {length}");
            }
            for at in 0..length {
                for byte in [b'b', b'A', 0, 0xc3] {
                    text[at] = byte;
                    assert_ne!(hasher.hash(&text), plain, "{byte} at {at} of {length}");
                }
                text[at] = b'a';
            }
        }
    }

    /// Ids as they are given out in turn: each bit that chooses a shard or a place in a table
    /// is set in about half of them, and hardly two share the half that is compared.
    #[test]
    fn ids_in_turn_spread_evenly() {
        let hasher = TextHasher::default();
        for shape in IDS {
            let hashes: Vec<u64> =
                (0..1 << 14).map(|it| hasher.hash(shape(it).as_bytes())).collect();
            for bit in 0..64 {
                let ones = hashes.iter().filter(|&&it| it >> bit & 1 == 1).count();
                assert!((7700..8700).contains(&ones), "{ones} have bit {bit} as {}", shape(7));
            }
            let mut tags: Vec<u32> = hashes.iter().map(|&it| it as u32).collect();
            tags.sort_unstable();
            tags.dedup();
            assert!(tags.len() + 4 >= hashes.len(), "{}", shape(7));
            let mut shards = [0; 64];
            hashes.iter().for_each(|&it| shards[(it >> 58) as usize] += 1);
            assert!(shards.iter().all(|it| (180..340).contains(it)), "{shards:?}");
        }
    }
}
