//! The `Cookie` header.

use std::borrow::Cow;

/// The cookies of one `Cookie` header in order, names and values as Werkzeug reads them.
///
/// Text that does not read as a cookie is left out up to the next `;`. Nothing is read before it is asked
/// for, and only a quoted value with escapes is copied.
///
/// ```
/// # use rocket_session_state_core::cookie::pairs;
/// let header = r#"colour=red; note="a \"b\""; half"open; flag"#;
/// let pairs: Vec<_> = pairs(header).collect();
/// assert_eq!(pairs, [("colour", "red".into()), ("note", "a \"b\"".into()), ("flag", "".into())]);
/// ```
pub fn pairs(header: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    raw_pairs(header).map(|(name, value)| (name, unquote(value)))
}

/// The value of the first cookie of that name, in header order; no other is looked at.
///
/// `headers` are the request's `Cookie` headers. Each is read on its own, so that HTTP/2's split
/// headers need no joining.
///
/// ```
/// # use rocket_session_state_core::cookie::find;
/// assert_eq!(find(["a=1; session=first", "session=second"], "session").as_deref(), Some("first"));
/// assert_eq!(find(["a=1"], "session"), None);
/// ```
pub fn find<'a>(headers: impl IntoIterator<Item = &'a str>, name: &str) -> Option<Cow<'a, str>> {
    let (_, value) = headers.into_iter().flat_map(raw_pairs).find(|(found, _)| *found == name)?;
    Some(unquote(value))
}

/// Returns the pairs with values as they are in the header, in their quotes.
fn raw_pairs(mut header: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        loop {
            if let Some((name, value, rest)) = split_pair(header) {
                header = rest;
                return Some((name, value));
            }
            (_, header) = header.split_once(';')?;
        }
    })
}

/// The pair at the start of the header, and the text behind its `;`.
fn split_pair(header: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = split_at_any(skip_blanks(header), |byte| (byte == b'=') | ends_value(byte));
    if name.is_empty() {
        return None;
    }
    let rest = skip_blanks(rest);
    let (value, rest) = match rest.strip_prefix('=') {
        None => ("", rest),
        Some(rest) => split_value(skip_blanks(rest))?,
    };
    let rest = skip_blanks(rest);
    if rest.is_empty() { Some((name, value, rest)) } else { Some((name, value, rest.strip_prefix(';')?)) }
}

fn split_value(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else { return Some(split_at_any(text, ends_value)) };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    text.split_at_checked(end + 2)
}

/// Tells whether a bare value ends here. Written so that the compiler compares sixteen bytes at once; a `matches!` it
/// would ask for each.
fn ends_value(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t') | (byte == b'"') | (byte == b';')
}

/// Splits at a byte, since all ends are ASCII: characters took four times as long. Blocks without an end are passed over whole; only
/// the one that has it is searched byte by byte.
fn split_at_any(text: &str, ends: impl Fn(u8) -> bool + Copy) -> (&str, &str) {
    let (blocks, _) = text.as_bytes().as_chunks::<16>();
    let has_end = |block: &[u8; 16]| block.iter().fold(false, |any, byte| any | ends(*byte));
    let before = blocks.iter().take_while(|block| !has_end(block)).count() * 16;
    let end = text.bytes().skip(before).position(ends);
    end.and_then(|end| text.split_at_checked(before + end)).unwrap_or((text, ""))
}

fn skip_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Returns the text that is meant by a value: between quotes, `\ooo` is a byte and `\x` is x. Bytes that are not UTF-8
/// become replacement characters.
fn unquote(value: &str) -> Cow<'_, str> {
    let Some(text) = value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return value.into();
    };
    if !text.contains('\\') {
        return text.into();
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
