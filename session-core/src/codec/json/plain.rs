//! How far a JSON text goes on with bytes that mean themselves.

/// A lower bound: what is left has a byte that does not, or fewer than eight bytes, within the next eight.
///
/// Half of a record's bytes are in texts, and to look at each alone was half of the work of skipping it.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let mut plain = plain_in_blocks(bytes);
    while let Some(word) = bytes.get(plain..).and_then(<[u8]>::first_chunk) {
        let here = plain_in_word(word);
        plain += here;
        if here < word.len() {
            break;
        }
    }
    plain
}

/// Those at the start of the word. The lowest bit that is set is right; borrows reach only what is above it.
#[inline(always)]
pub(super) fn plain_in_word(word: &[u8; 8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*word);
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit));
    // Flipping one bit moves the quote to the end of the control characters.
    let special = below(word ^ (EACH * 0x02), 0x21) | below(word ^ (EACH * u64::from(b'\\')), 1);
    let special = special & !word & (EACH << 7);
    special.trailing_zeros() as usize / 8
}

/// For long texts: written so that the compiler compares all bytes of a block at once.
fn plain_in_blocks(bytes: &[u8]) -> usize {
    let special = |byte: &u8| (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
    let (blocks, _) = bytes.as_chunks::<32>();
    let whole = blocks.iter().take_while(|block| !block.iter().fold(false, |any, byte| any | special(byte)));
    whole.count() * 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_skipped_is_plain_and_ends_at_the_first_byte_that_is_not(
            bytes: Vec<u8>,
            pad in 0..200_usize,
        ) {
            let bytes = [vec![b'a'; pad], bytes].concat();
            let first = bytes.iter().position(|byte| matches!(byte, ..0x20 | b'"' | b'\\'));
            let skipped = plain(&bytes);
            match first {
                Some(first) => prop_assert!(skipped == first || (skipped < first && bytes.len() - skipped < 8)),
                None => prop_assert!(skipped <= bytes.len() && bytes.len() - skipped < 8),
            }
        }
    }
}
