//! Comparison of two Set-Cookie lines.

use std::io::Read;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use flate2::read::ZlibDecoder;

/// Whether the lines are the same, in the same order. Compressed values are compared by what they hold, since
/// zlib's bytes differ from release to release.
pub(super) fn all_same(expected: &[String], found: &[&str]) -> bool {
    expected.len() == found.len()
        && expected
            .iter()
            .zip(found)
            .all(|(expected, found)| expected == found || same_content(expected, found))
}

fn same_content(expected: &str, found: &str) -> bool {
    let parts = Compressed::read(expected);
    parts.is_some() && parts == Compressed::read(found)
}

/// A compressed signed cookie without its signature, which covers the compressed bytes.
#[derive(PartialEq)]
struct Compressed<'l> {
    name: &'l str,
    content: Vec<u8>,
    timestamp: &'l str,
    attributes: &'l str,
}

impl Compressed<'_> {
    /// Reads `name=.payload.timestamp.signature; attributes`.
    fn read(line: &str) -> Option<Compressed<'_>> {
        let (pair, attributes) = line.split_once(';')?;
        let (name, value) = pair.split_once("=.")?;
        let mut parts = value.split('.');
        let packed = BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let mut content = Vec::new();
        ZlibDecoder::new(packed.as_slice()).read_to_end(&mut content).ok()?;
        Some(Compressed { name, content, timestamp: parts.next()?, attributes })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn line(content: &[u8], level: Compression, signature: &str) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), level);
        encoder.write_all(content).unwrap();
        let payload = BASE64_URL_SAFE_NO_PAD.encode(encoder.finish().unwrap());
        format!("session=.{payload}.ZZN9JQ.{signature}; HttpOnly; Path=/")
    }

    #[test]
    fn compressed_cookies_are_the_same_by_content_and_not_by_bytes() {
        let hard = line(b"aaaaaaaaaaaaaaaaaaaa", Compression::best(), "one");
        let not = line(b"aaaaaaaaaaaaaaaaaaaa", Compression::none(), "two");
        assert!(all_same(std::slice::from_ref(&hard), &[&not]));
        assert!(!all_same(&[hard], &[&line(b"aaaaaaaaaaaaaaaaaaab", Compression::best(), "one")]));
    }

    #[test]
    fn an_uncompressed_cookie_is_the_same_only_byte_for_byte() {
        let line = "session=eyJhIjoxfQ.ZZN9JQ.ADbVXGD3; Path=/".to_owned();
        assert!(!all_same(&[line], &["session=eyJhIjoxfQ.ZZN9JQ.ADbVXGD4; Path=/"]));
    }
}
