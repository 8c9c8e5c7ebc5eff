//! The choice of a session's server among several.

use memcache::exp::Router;

/// Chooses as pymemcache's `HashClient`: the server with the highest MurmurHash3 of `host:port-key`, of two
/// equal ones the greater by its name. The library's own choice depends on the release of Rust.
pub(super) struct RendezvousRouter;

impl Router for RendezvousRouter {
    fn route(&self, key: &[u8], servers: &[String]) -> usize {
        let best = servers.iter().enumerate().max_by_key(|(_, server)| {
            (murmur3_32(&[server.as_bytes(), b"-", key].concat()), server.as_bytes())
        });
        best.map_or(0, |(index, _)| index)
    }
}

/// MurmurHash3 (x86, 32 bits) with the seed 0.
fn murmur3_32(bytes: &[u8]) -> u32 {
    let scrambled = |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let little_endian = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let blocks = bytes.chunks_exact(4);
    let rest = scrambled(little_endian(blocks.remainder()));
    let mut hash = blocks.fold(0_u32, |hash, block| {
        (hash ^ scrambled(little_endian(block))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    // `as`: the length counts modulo 2^32.
    hash ^= rest ^ bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_pymemcache() {
        for (text, hash) in [
            ("", 0),
            ("a", 0x3c25_69b2),
            ("ab", 0x9bbf_d75f),
            ("abc", 0xb3dd_93fa),
            ("abcd", 0x43ed_676a),
            ("hello, world", 0x149b_bb7f),
            ("127.0.0.1:11211-session:abc", 0x69fa_5a9a),
        ] {
            assert_eq!(murmur3_32(text.as_bytes()), hash, "{text}");
        }
    }

    /// `RendezvousHash(servers).get_node(f"session:{n}")` of pymemcache 4.0.0, for n from 0 on.
    #[test]
    fn sessions_lie_on_the_server_where_pymemcache_looks_for_them() {
        let servers = ["one.example.com:11211", "two.example.com:11211", "10.0.0.3:11212"].map(String::from);
        let chosen = [1, 1, 1, 1, 0, 2, 2, 0, 1, 0, 0, 0, 2, 2, 2, 2, 2, 0, 0, 0, 2, 1, 1, 0];
        for (n, server) in chosen.into_iter().enumerate() {
            assert_eq!(
                RendezvousRouter.route(format!("session:{n}").as_bytes(), &servers),
                server,
                "session:{n}"
            );
        }
    }
}
