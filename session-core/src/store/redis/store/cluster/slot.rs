//! The slot of a key.

/// The number of slots of a cluster.
pub(super) const SLOTS: usize = 16_384;

/// Returns the slot of a key: of the whole of it, or of what is between the first `{` and the next `}` if that is
/// something.
pub(super) fn of(key: &str) -> usize {
    let hashed = key
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(tag, _)| tag)
        .filter(|tag| !tag.is_empty())
        .unwrap_or(key);
    usize::from(crc16(hashed.as_bytes())) % SLOTS
}

/// The checksum of XMODEM, which the protocol prescribes. Keys are short: bit by bit it takes some hundred instructions.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        // CLUSTER KEYSLOT of Redis 7.0.15.
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(of("123456789"), 12739);
        assert_eq!(of("foo"), 12182);
        assert_eq!(of(""), 0);
    }

    #[test]
    fn what_is_in_braces_decides_if_it_is_something() {
        assert_eq!(of("{user1000}.following"), of("user1000"));
        assert_eq!(of("foo{}{bar}"), usize::from(crc16(b"foo{}{bar}")) % SLOTS);
        assert_eq!(of("foo{{bar}}zap"), of("{bar"));
        assert_eq!(of("foo{bar}{zap}"), of("bar"));
        assert_eq!(of("foo}bar{zap"), usize::from(crc16(b"foo}bar{zap")) % SLOTS);
    }
}
