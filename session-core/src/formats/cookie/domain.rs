//! The `Domain` attribute.

/// Returns the domain as browsers take it: without leading dots, and with international names in their ASCII form, for
/// which the cargo feature `idn` is needed. The letter case of ASCII names is kept.
///
/// An international name has to be in lower case, and one that IDNA 2003, by which Flask converts, and IDNA 2008 read
/// alike.
///
/// # Errors
///
/// The name is not a domain: it holds a port, a blank or the like, or nothing. Or it has to be converted, and the
/// feature is off. The text completes a sentence that begins with the domain.
pub fn ascii_domain(domain: &str) -> Result<String, &'static str> {
    let name = domain.trim_start_matches('.');
    let ascii = if name.is_ascii() { name.to_owned() } else { to_punycode(name)? };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if ascii.is_empty() || !ascii.bytes().all(legal) { Err(NOT_A_DOMAIN) } else { Ok(ascii) }
}

const NOT_A_DOMAIN: &str = "is not a domain; write a name such as \"example.com\", without scheme, port or path, \
                            or leave the key out";

#[cfg(feature = "idn")]
fn to_punycode(name: &str) -> Result<String, &'static str> {
    let ascii = idna::domain_to_ascii(name).map_err(|_| NOT_A_DOMAIN)?;
    let (meant, _) = idna::domain_to_unicode(&ascii);
    let labels = || name.split('.').zip(meant.split('.'));
    let is_unambiguous = name.split('.').count() == meant.split('.').count()
        && labels().all(|(written, meant)| written.is_ascii() || is_read_alike(written, meant));
    if is_unambiguous { Ok(ascii) } else { Err(AMBIGUOUS) }
}

#[cfg(feature = "idn")]
const AMBIGUOUS: &str = "may be another domain by IDNA 2003, as Flask reads it, than by IDNA 2008; write it in lower case, \
                         or where it is that already the ASCII form of the one that is meant, as \"strasse.example\" or \"xn--strae-oqa.example\" for \
                         \"straße.example\"";

/// Tells whether a label means itself. What is mapped to something else is not always mapped alike. Of the other
/// characters, each was compared with Python's codec `idna`: these are the ones that it replaces or removes.
#[cfg(feature = "idn")]
fn is_read_alike(written: &str, meant: &str) -> bool {
    let is_replaced =
        |letter| matches!(letter, 'ß' | 'ς' | '\u{200c}' | '\u{200d}' | '\u{1806}' | '\u{13a0}'..='\u{13f5}');
    written.to_ascii_lowercase() == meant && !meant.contains(is_replaced)
}

#[cfg(not(feature = "idn"))]
fn to_punycode(_name: &str) -> Result<String, &'static str> {
    Err("is not ASCII; write its punycode form, as \"xn--bcher-kva.example\" for \"bücher.example\", \
         or turn on the cargo feature `idn`")
}
