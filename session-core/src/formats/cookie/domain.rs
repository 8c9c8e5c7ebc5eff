//! The `Domain` attribute.

/// Returns the domain as browsers take it: without leading dots, and with international names in their ASCII form, for
/// which the cargo feature `idn` is needed. The letter case of ASCII names is kept.
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
    idna::domain_to_ascii(name).map_err(|_| NOT_A_DOMAIN)
}

#[cfg(not(feature = "idn"))]
fn to_punycode(_name: &str) -> Result<String, &'static str> {
    Err("is not ASCII; write its punycode form, as \"xn--bcher-kva.example\" for \"bücher.example\", \
         or turn on the cargo feature `idn`")
}
