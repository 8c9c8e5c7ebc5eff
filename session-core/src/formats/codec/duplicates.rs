//! Finds out whether a key may occur twice in a record.

/// Tells whether two of the keys are equal, as far as a hash can tell: `false` is certain.
///
/// Records practically never hold a key twice, and each request asks: comparing twenty keys with each
/// other took two thirds of the time of indexing a record of 1 KB. Here each key's hash is put into a table of
/// twice as many places, on the stack for up to 64 keys. The hash has no secret: who chooses keys that
/// collide gets a `true`, which costs a sort and no more.
pub(super) fn may_have_duplicates<'a>(keys: impl ExactSizeIterator<Item = &'a [u8]>) -> bool {
    let mut few = [0; 128];
    let mut many;
    let table: &mut [u32] = if keys.len() <= few.len() / 2 {
        &mut few
    } else {
        many = vec![0; (keys.len() * 2).next_power_of_two()];
        &mut many
    };
    let mask = table.len() - 1;
    let mut collisions_left = keys.len() * 4;
    for key in keys {
        let hash = hash(key);
        let mark = (hash >> 32) as u32 | 1; // 0 is a free place
        let mut place = hash as usize & mask;
        while let Some(taken) = table.get(place).filter(|taken| **taken != 0) {
            if *taken == mark || collisions_left == 0 {
                return true;
            }
            collisions_left -= 1;
            place = (place + 1) & mask;
        }
        if let Some(free) = table.get_mut(place) {
            *free = mark;
        }
    }
    false
}

/// Hashes eight bytes at a time. Both halves of the product are used: a difference in the last characters of a
/// number is in the upper bits, which would reach only the upper bits of the lower half.
fn hash(key: &[u8]) -> u64 {
    let (words, rest) = key.as_chunks::<8>();
    let last = rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte));
    let mix = |hash: u64, word: u64| {
        let product = u128::from(hash.rotate_left(5) ^ word) * 0x9e37_79b9_7f4a_7c15;
        (product >> 64) as u64 ^ product as u64
    };
    mix(words.iter().fold(0, |hash, word| mix(hash, u64::from_le_bytes(*word))), last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(keys: &[String]) -> bool {
        may_have_duplicates(keys.iter().map(String::as_bytes))
    }

    #[test]
    fn numbered_keys_are_told_apart() {
        for count in [0, 1, 20, 64, 65, 1000, 100_000] {
            let keys: Vec<String> = (0..count).map(|number| format!("field_{number}")).collect();
            // Among 100,000 keys two have the same 32 bits of hash; that is not a mistake.
            assert!(!found(&keys) || count == 100_000, "{count} keys");
        }
    }

    proptest! {
        #[test]
        fn a_key_that_occurs_twice_is_always_found(mut keys: Vec<String>, at: usize, key: String) {
            for _ in 0..2 {
                keys.insert(at % (keys.len() + 1), key.clone());
            }
            prop_assert!(found(&keys));
        }
    }
}
