//! Values that can't stand bare: double quotes with backslash escapes.

use std::borrow::Cow;

/// The value as it may stand in a header (1.5, rule 7).
///
/// Werkzeug leaves the bytes 1A to 1F as they are, by oversight. Here every control character is
/// escaped; Werkzeug reads both.
pub(super) fn quote(value: &str) -> Cow<'_, str> {
    if is_bare(value) {
        return Cow::Borrowed(value);
    }
    let mut quoted = String::with_capacity(value.len() * 2);
    quoted.push('"');
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b',' | b';' | 0x00..=0x1F | 0x7F.. => {
                let digit = |shift: u8| char::from(b'0' + (byte >> shift & 7));
                quoted.extend(['\\', digit(6), digit(3), digit(0)]);
            }
            _ => quoted.push(char::from(byte)),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

/// Whether the value needs no quotes: visible ASCII but for the quote, the comma, the semicolon and the backslash.
pub(super) fn is_bare(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~'))
}

/// What the text between two quotes means (K3): `\ooo` is a byte, `\x` is x. Bytes that are no UTF-8
/// become replacement characters.
pub(super) fn unquote(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
        } else if let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] = rest {
            bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = after;
        } else if let [escaped, after @ ..] = rest {
            bytes.push(*escaped);
            rest = after;
        }
    }
    Cow::Owned(
        String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
    )
}
