//! The session's JSON inside a cookie: base64, deflated first where that makes it shorter.

use std::cell::RefCell;

use base64::Engine;
use miniz_oxide::DataFormat;
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::{BASE64, Invalid};

/// What a payload may inflate to. A cookie that browsers keep holds at most 3 kB of deflated data;
/// text that shrinks to that from more than this is an attack, or of no use as a session.
const INFLATED_LIMIT: usize = 1024 * 1024;

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
    /// Making a compressor takes ten times as long as compressing a session with it, and 300 KB: each thread
    /// that signs cookies keeps one.
    static COMPRESSOR: RefCell<CompressorOxide> = RefCell::new(compressor());

    /// 11 KB of tables, which each stream fills anew: not to be cleared for each cookie first.
    static DECOMPRESSOR: RefCell<DecompressorOxide> = RefCell::default();
}

fn compressor() -> CompressorOxide {
    CompressorOxide::with_format_and_level(DataFormat::Zlib, CompressionLevel::DefaultLevel)
}

/// The zlib form of the JSON, if it saves the dot and more (W2).
fn deflated(json: &[u8]) -> Option<Vec<u8>> {
    // The room is the limit, so text that does not shrink is given up early.
    let mut deflated = vec![0; json.len().checked_sub(2)?];
    let (status, _, length) = COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        compress(compressor, json, &mut deflated, TDEFLFlush::Finish)
    });
    deflated.truncate(length);
    (status == TDEFLStatus::Done).then_some(deflated)
}

/// What the zlib stream holds, if it is complete, its checksum is right and it is not too large.
/// Bytes behind the stream are ignored, as Python's zlib does.
///
/// All of the output is there to be copied from, so there is no window of 32 KB to be cleared first,
/// which took longer than the rest.
fn inflated(deflated: &[u8]) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        decompressor.init();
        inflated_by(decompressor, deflated)
    })
}

fn inflated_by(decompressor: &mut DecompressorOxide, deflated: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; deflated.len().saturating_mul(8).clamp(64, INFLATED_LIMIT)];
    let (mut unread, mut length) = (deflated, 0);
    loop {
        let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) = decompress(decompressor, unread, &mut out, length, flags);
        (unread, length) = (unread.get(read..)?, length + written);
        match status {
            TINFLStatus::Done => {
                out.truncate(length);
                return Some(out);
            }
            TINFLStatus::HasMoreOutput if out.len() < INFLATED_LIMIT => {
                out.resize(out.len().saturating_mul(2).min(INFLATED_LIMIT), 0);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zeros(count: usize) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; count], 9)
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

    proptest! {
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
