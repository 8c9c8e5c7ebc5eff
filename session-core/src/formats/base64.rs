//! Bytes in JSON: standard base64 with padding.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// Python ignores left-over bits in the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads exactly what [`encode`] writes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads what Python's `b64decode` reads: other characters of ASCII are skipped, padding is required
/// and ends the text.
pub(crate) fn decode_like_python(text: &str) -> Option<Vec<u8>> {
    if let Some(bytes) = decode(text) {
        return Some(bytes);
    }
    let mut letters = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text.bytes() {
        let filled = letters.len() % 4;
        match byte {
            b'=' if filled >= 2 => {
                padding += 1;
                if filled + padding == 4 {
                    return LENIENT.decode(letters).ok().filter(|_| text.is_ascii());
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                padding = 0;
                letters.push(byte);
            }
            _ => {}
        }
    }
    if letters.len() % 4 == 0 && text.is_ascii() { LENIENT.decode(letters).ok() } else { None }
}
