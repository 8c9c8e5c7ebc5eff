//! The `Domain` attribute.

use std::error::Error;
use std::fmt;

/// The domain as browsers take it: without leading dots, and with international names in their ASCII form, for
/// which the cargo feature `idn` is needed. The letter case of ASCII names is kept.
///
/// # Errors
///
/// The name is not a domain: it holds a port, a blank or the like, or nothing. Or it has to be converted, and the
/// feature is off.
pub fn ascii_domain(domain: &str) -> Result<String, InvalidDomain> {
    let name = domain.trim_start_matches('.');
    let ascii = if name.is_ascii() { name.to_owned() } else { to_punycode(name)? };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if ascii.is_empty() || !ascii.bytes().all(legal) { Err(InvalidDomain::NotADomain) } else { Ok(ascii) }
}

#[cfg(feature = "idn")]
fn to_punycode(name: &str) -> Result<String, InvalidDomain> {
    idna::domain_to_ascii(name).map_err(|_| InvalidDomain::NotADomain)
}

#[cfg(not(feature = "idn"))]
fn to_punycode(_name: &str) -> Result<String, InvalidDomain> {
    Err(InvalidDomain::NotAscii)
}

/// The reason why a text can't be the domain of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidDomain {
    /// The text is not the name of a host.
    NotADomain,
    /// The name is not ASCII, and the cargo feature `idn` is off.
    NotAscii,
}

/// Completes a sentence that begins with the domain.
impl fmt::Display for InvalidDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidDomain::NotADomain => {
                "is not a domain; write a name such as \"example.com\", without scheme, port or path, or leave \
                 the key out"
            }
            InvalidDomain::NotAscii => {
                "is not ASCII; write its punycode form, as \"xn--bcher-kva.example\" for \"bücher.example\", \
                 or turn on the cargo feature `idn`"
            }
        })
    }
}

impl Error for InvalidDomain {}
