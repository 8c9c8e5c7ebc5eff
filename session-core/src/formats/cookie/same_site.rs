//! The `SameSite` attribute.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// The condition under which a browser sends the cookie with requests that another site caused.
///
/// ```
/// use rocket_session_state_core::cookie::SameSite;
///
/// assert_eq!("lax".parse(), Ok(SameSite::Lax));
/// assert!("sometimes".parse::<SameSite>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Only when the user follows a link: not with another site's forms, frames and images.
    Lax,
    /// Never.
    Strict,
    /// Always. Browsers accept it only together with `Secure`.
    None,
}

impl SameSite {
    /// The attribute's value.
    pub fn as_str(self) -> &'static str {
        match self {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        }
    }
}

/// Reads the names in any letter case, as Flask does.
impl FromStr for SameSite {
    type Err = UnknownSameSite;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [SameSite::Lax, SameSite::Strict, SameSite::None]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .ok_or(UnknownSameSite)
    }
}

/// A text that is not one of the three values of `SameSite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownSameSite;

impl fmt::Display for UnknownSameSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SameSite is one of \"Lax\", \"Strict\" and \"None\"")
    }
}

impl Error for UnknownSameSite {}
