//! The content of Flask's session cookie.

use std::io::Read as _;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use flate2::read::ZlibDecoder;

/// The JSON inside the value of a signed cookie.
pub(crate) fn payload(cookie: &str) -> Vec<u8> {
    let (packed, text) = match cookie.strip_prefix('.') {
        Some(rest) => (true, rest),
        None => (false, cookie),
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap_or_default()).expect("base64");
    if !packed {
        return bytes;
    }
    let mut unpacked = Vec::new();
    ZlibDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).expect("zlib");
    unpacked
}
