//! The session's JSON inside a cookie: base64, deflated first where that makes it shorter.

use std::cell::RefCell;

use base64::Engine;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

use super::{BASE64, Invalid};

/// Bytes that a payload may inflate to. A cookie that browsers keep holds at most 3 kB of deflated data;
/// text that shrinks to that from more than this is an attack, or of no use as a session.
pub(super) const INFLATED_LIMIT: usize = 1024 * 1024;

/// Appends the JSON; a leading dot says that it is compressed.
pub(super) fn push(json: &[u8], text: &mut String) {
    match deflated(json) {
        Some(deflated) => {
            text.push('.');
            BASE64.encode_string(deflated, text);
        }
        None => BASE64.encode_string(json, text),
    }
}

/// The JSON of a payload.
pub(super) fn read(payload: &str) -> Result<Vec<u8>, Invalid> {
    match payload.strip_prefix('.') {
        None => BASE64.decode(payload).map_err(|_| Invalid::PayloadBase64),
        Some(compressed) => {
            let deflated = BASE64.decode(compressed).map_err(|_| Invalid::PayloadBase64)?;
            inflated(&deflated).ok_or(Invalid::PayloadZlib)
        }
    }
}

thread_local! {
    /// Making a compressor takes longer than compressing a session with it, and 300 KB: each thread that
    /// signs cookies keeps one.
    static COMPRESSOR: RefCell<Deflate> = RefCell::new(compressor());

    /// 45 KB, not to be cleared for each cookie first.
    static DECOMPRESSOR: RefCell<Inflate> = RefCell::new(Inflate::new(true, WINDOW_BITS));
}

/// All of what deflate may look back to: 32 KB.
const WINDOW_BITS: u8 = 15;

fn compressor() -> Deflate {
    let level = 6; // Python's default
    // Room for 4096 bytes and repetitions, after which other Huffman codes begin: cookies that browsers keep
    // hardly have more. The room is cleared for each cookie, and zlib itself takes four times as much.
    let mem_level = 6;
    Deflate::new_with_config(DeflateConfig {
        level,
        mem_level,
        window_bits: WINDOW_BITS.into(),
        ..DeflateConfig::default()
    })
}

/// The zlib form of the JSON, if it saves the dot and more.
fn deflated(json: &[u8]) -> Option<Vec<u8>> {
    // The room is the limit, so text that does not shrink is given up early.
    let mut deflated = vec![0; json.len().checked_sub(2)?];
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let status = compressor.compress(json, &mut deflated, DeflateFlush::Finish).ok()?;
        deflated.truncate(usize::try_from(compressor.total_out()).ok()?);
        (status == Status::StreamEnd).then_some(deflated)
    })
}

/// The content of the zlib stream, if it is complete, its checksum is right and it is not too large.
/// Bytes behind the stream are ignored, as Python's zlib does.
fn inflated(deflated: &[u8]) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        decompressor.reset(true);
        inflated_by(decompressor, deflated)
    })
}

fn inflated_by(decompressor: &mut Inflate, deflated: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; deflated.len().saturating_mul(8).clamp(64, INFLATED_LIMIT)];
    let (mut read, mut length) = (0, 0);
    loop {
        let (unread, free) = (deflated.get(read..)?, out.get_mut(length..)?);
        let status = decompressor.decompress(unread, free, InflateFlush::Finish).ok()?;
        read = usize::try_from(decompressor.total_in()).ok()?;
        length = usize::try_from(decompressor.total_out()).ok()?;
        if status == Status::StreamEnd {
            out.truncate(length);
            return Some(out);
        }
        if length < out.len() || out.len() == INFLATED_LIMIT {
            return None;
        }
        out.resize(out.len().saturating_mul(2).min(INFLATED_LIMIT), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zeros(count: usize) -> Vec<u8> {
        deflated(&vec![0; count]).unwrap()
    }

    #[test]
    fn a_bomb_is_refused_and_what_is_under_the_limit_is_not() {
        assert_eq!(inflated(&zeros(INFLATED_LIMIT - 1)).map(|out| out.len()), Some(INFLATED_LIMIT - 1));
        assert_eq!(inflated(&zeros(INFLATED_LIMIT)).map(|out| out.len()), Some(INFLATED_LIMIT));
        assert_eq!(inflated(&zeros(INFLATED_LIMIT + 1)), None);
        assert_eq!(inflated(&zeros(8 * INFLATED_LIMIT)), None);
    }

    #[test]
    fn every_stream_that_is_cut_short_is_refused() {
        let whole = zeros(10_000);
        for end in 0..whole.len() {
            assert_eq!(inflated(&whole[..end]), None, "cut to {end} of {} bytes", whole.len());
        }
    }

    #[test]
    fn a_stream_of_gzip_or_with_a_dictionary_is_refused() {
        let gzip = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let with_dictionary = [0x78, 0xBB, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1];
        assert_eq!((inflated(&gzip), inflated(&with_dictionary)), (None, None));
    }

    #[test]
    fn a_stream_with_a_wrong_checksum_is_refused() {
        let mut whole = zeros(10_000);
        *whole.last_mut().unwrap() ^= 1;
        assert_eq!(inflated(&whole), None);
    }

    #[test]
    fn what_a_thread_compressed_before_leaves_no_trace() {
        let json = "[\"as long as it takes to be worth it\", \"as long as it takes\"]".repeat(3);
        let first = deflated(json.as_bytes()).unwrap();
        for other in ["x".repeat(100_000), "not compressible".to_owned(), json.clone()] {
            let other = deflated(other.as_bytes()).unwrap_or_default();
            let _ = inflated(&other[..other.len() / 2]);
            assert_eq!(deflated(json.as_bytes()), Some(first.clone()));
        }
        assert_eq!(inflated(&first), Some(json.into_bytes()));
    }

    #[test]
    fn no_stream_copies_from_what_a_thread_inflated_before() {
        // One match of three bytes, one byte back, with the checksum of three zeros.
        let looks_back = [0x78, 0x9C, 0x03, 0x02, 0x00, 0x00, 0x03, 0x00, 0x01];
        for before in [1000, 100_000] {
            assert!(inflated(&zeros(before)).is_some());
            assert_eq!(inflated(&looks_back), None);
        }
    }

    #[test]
    fn what_a_thread_inflated_before_leaves_no_trace() {
        let whole = zeros(100_000);
        for end in [0, 1, 2, 20, whole.len() / 2, whole.len() - 1, whole.len()] {
            let _ = inflated(&whole[..end]);
            assert_eq!(inflated(&zeros(1000)), Some(vec![0; 1000]), "after {end} of {} bytes", whole.len());
        }
    }

    proptest! {
        #[test]
        fn what_is_deflated_is_inflated_again(json: Vec<u8>, times in 1..3000_usize) {
            let json = json.repeat(times);
            if let Some(deflated) = deflated(&json) {
                prop_assert!(deflated.len() < json.len() - 1);
                prop_assert_eq!(inflated(&deflated), Some(json).filter(|json| json.len() <= INFLATED_LIMIT));
            }
        }

        #[test]
        fn no_payload_makes_the_reader_panic(text: String, noise: Vec<u8>) {
            let zlib_header = [0x78, 0x9C];
            let deflated = BASE64.encode([zlib_header.as_slice(), &noise].concat());
            for payload in [text.clone(), format!(".{text}"), format!(".{deflated}")] {
                prop_assert!(read(&payload).map_or(0, |json| json.len()) <= INFLATED_LIMIT);
            }
        }
    }
}
