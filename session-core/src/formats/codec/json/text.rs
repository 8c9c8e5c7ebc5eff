//! Texts in JSON and their escapes, written and read.

use std::borrow::Cow;

use super::Dialect;
use super::scan::Text;
use crate::formats::error::{DecodeError, DecodeKind::LoneSurrogate};

/// Appends a text with its quotes. Cookies are ASCII, records leave UTF-8 as it is.
pub(super) fn write(out: &mut Vec<u8>, mut text: &str, dialect: Dialect) {
    let special = |byte: u8| match byte {
        b'"' | b'\\' | ..0x20 => true,
        0x7f.. => dialect == Dialect::Tagged,
        _ => false,
    };
    out.push(b'"');
    while let Some(at) = text.bytes().position(special) {
        // A special byte is the first of its character.
        let Some((plain, rest)) = text.split_at_checked(at) else { break };
        out.extend_from_slice(plain.as_bytes());
        let mut chars = rest.chars();
        if let Some(char) = chars.next() {
            escape(out, char);
        }
        text = chars.as_str();
    }
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, char: char) {
    let short = match char {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        _ => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
            return;
        }
    };
    out.extend([b'\\', short]);
}

/// Resolves the escapes, which the scanner has checked.
pub(super) fn read<'a>(text: Text<'a>) -> Result<Cow<'a, str>, DecodeError> {
    if !text.escaped {
        return Ok(Cow::Borrowed(text.raw));
    }
    let mut read = String::with_capacity(text.raw.len());
    let mut rest = text.raw;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        read.push_str(plain);
        let mut chars = escaped.chars();
        let char = match chars.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => {
                let Some((char, behind)) = unicode(chars.as_str()) else {
                    return Err(DecodeError(LoneSurrogate));
                };
                rest = behind;
                read.push(char);
                continue;
            }
            Some(itself) => itself,
            None => break,
        };
        read.push(char);
        rest = chars.as_str();
    }
    read.push_str(rest);
    Ok(Cow::Owned(read))
}

/// One `\u` escape or a pair of them, without the first `\u`.
fn unicode(text: &str) -> Option<(char, &str)> {
    let unit = |text: &'_ str| u16::from_str_radix(text, 16).ok();
    let (digits, rest) = text.split_at_checked(4)?;
    let first = unit(digits)?;
    if let Some(char) = char::from_u32(first.into()) {
        return Some((char, rest));
    }
    let (digits, rest) = rest.strip_prefix("\\u")?.split_at_checked(4)?;
    let char = char::decode_utf16([first, unit(digits)?]).next()?.ok()?;
    Some((char, rest))
}
