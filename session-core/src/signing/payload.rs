//! The session's JSON inside a cookie: base64, deflated first where that makes it shorter.

use base64::Engine;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

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

/// The zlib form of the JSON, if it saves the dot and more (W2).
fn deflated(json: &[u8]) -> Option<Vec<u8>> {
    let limit = json.len().checked_sub(2)?;
    let mut deflated = Vec::with_capacity(limit);
    // The room is the limit, so text that does not shrink is given up early.
    let outcome =
        Compress::new(Compression::default(), true).compress_vec(json, &mut deflated, FlushCompress::Finish);
    (matches!(outcome, Ok(Status::StreamEnd)) && deflated.len() <= limit).then_some(deflated)
}

/// What the zlib stream holds, if it is complete, its checksum is right and it is not too large.
/// Bytes behind the stream are ignored, as Python's zlib does.
///
/// The reader of flate2 is not used: it takes a stream that was cut short for a complete one.
fn inflated(deflated: &[u8]) -> Option<Vec<u8>> {
    let mut stream = Decompress::new(true);
    let mut out = Vec::with_capacity(deflated.len().saturating_mul(4).clamp(64, INFLATED_LIMIT));
    loop {
        let before = (stream.total_in(), stream.total_out());
        let unread = deflated.get(usize::try_from(before.0).ok()?..)?;
        if stream.decompress_vec(unread, &mut out, FlushDecompress::None).ok()? == Status::StreamEnd {
            return Some(out);
        }
        if out.len() == out.capacity() {
            let room = INFLATED_LIMIT.checked_sub(out.len()).filter(|room| *room > 0)?;
            out.reserve_exact(out.len().min(room));
        } else if before == (stream.total_in(), stream.total_out()) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zeros(count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count / 100 + 100);
        let zeros = vec![0; count];
        let status =
            Compress::new(Compression::best(), true).compress_vec(&zeros, &mut out, FlushCompress::Finish);
        assert_eq!(status.unwrap(), Status::StreamEnd);
        out
    }

    #[test]
    fn a_bomb_is_refused_and_what_is_under_the_limit_is_not() {
        assert_eq!(inflated(&zeros(INFLATED_LIMIT - 1)).map(|out| out.len()), Some(INFLATED_LIMIT - 1));
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
