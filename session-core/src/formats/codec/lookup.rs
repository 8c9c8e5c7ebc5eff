//! Finding keys of a record that has many, for requests that ask for many.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::repeated::hash;

/// Records of up to so many keys are always gone through.
pub(super) const MANY: usize = 64;
/// Most requests ask for a few keys, and to go through a record that often takes less than to make the table.
const OFTEN: u32 = 8;

/// Where a record's keys are, from the moment on when that was asked often.
#[derive(Default)]
pub(super) struct Lookup {
    asked: AtomicU32,
    /// By the key's hash: the position in the record plus one, or 0 for a free place. Empty if the keys
    /// collide too often.
    places: OnceLock<Box<[u32]>>,
}

impl Lookup {
    /// The positions where `key` may be; `None` if that is not known. `keys` are those of the record.
    pub(super) fn candidates<'a>(
        &self,
        key: &[u8],
        keys: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Option<impl Iterator<Item = usize>> {
        if self.asked.fetch_add(1, Relaxed) < OFTEN {
            return None;
        }
        let places = self.places.get_or_init(|| placed(keys).unwrap_or_default());
        let mask = places.len().checked_sub(1)?;
        let first = hash(key) as usize;
        let taken = (0..places.len()).map_while(move |step| {
            let place = places.get(first.wrapping_add(step) & mask).copied().unwrap_or_default();
            (place as usize).checked_sub(1)
        });
        Some(taken)
    }
}

/// A copy's keys may be asked for less often.
impl Clone for Lookup {
    fn clone(&self) -> Self {
        Lookup::default()
    }
}

/// The table, unless placing the keys takes much longer than it should: the hash has no secret, and keys
/// may be chosen to collide.
fn placed<'a>(keys: impl ExactSizeIterator<Item = &'a [u8]>) -> Option<Box<[u32]>> {
    let mut places = vec![0_u32; (keys.len() * 2).next_power_of_two()];
    let mask = places.len() - 1;
    let mut collisions_left = keys.len() * 4;
    for (position, key) in keys.enumerate() {
        let mut place = hash(key) as usize & mask;
        while places.get(place).is_some_and(|taken| *taken != 0) {
            collisions_left = collisions_left.checked_sub(1)?;
            place = (place + 1) & mask;
        }
        *places.get_mut(place)? = u32::try_from(position + 1).ok()?;
    }
    Some(places.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(lookup: &Lookup, keys: &[String], key: &str) -> Option<Vec<usize>> {
        let candidates = lookup.candidates(key.as_bytes(), keys.iter().map(String::as_bytes))?;
        Some(candidates.filter(|at| keys[*at] == key).collect())
    }

    proptest! {
        #[test]
        fn a_key_that_is_asked_for_often_is_found_where_it_is_and_no_other(count in 65..400_usize, pick: usize) {
            let keys: Vec<String> = (0..count).map(|number| format!("field_{number}")).collect();
            let lookup = Lookup::default();
            let at = pick % count;
            for _ in 0..OFTEN {
                prop_assert_eq!(found(&lookup, &keys, &keys[at]), None);
            }
            prop_assert_eq!(found(&lookup, &keys, &keys[at]), Some(vec![at]));
            prop_assert_eq!(found(&lookup, &keys, "no field"), Some(vec![]));
        }
    }

    #[test]
    fn keys_that_collide_are_gone_through_instead() {
        let same = [b"one key".as_slice(); 100];
        assert_eq!(placed(same.into_iter()), None);
    }
}
