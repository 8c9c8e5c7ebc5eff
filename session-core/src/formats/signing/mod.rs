//! Signed cookies: itsdangerous' formats, byte for byte, with key rotation.
//!
//! Three formats of itsdangerous exist, told apart by their salt. [`CookieSigner`] is Flask's: the whole session, with
//! the time of signing. [`IdSigner`] is Flask-Session's: a session id and nothing else. [`CsrfSigner`] is
//! Flask-WTF's: the secret of a session's forms, with the time of signing. All use HMAC-SHA1, as a Flask
//! application on the same secret expects. The collisions that break SHA-1 as a digest do not break it as a MAC.
//! [`RememberSigner`] is Flask-Login's, which needs no itsdangerous: a user's id and its HMAC-SHA512.
//!
//! A signature says who wrote a cookie. It hides nothing: whoever holds the cookie can read it.
//!
//! Reading is strict where itsdangerous is tolerant: a signature has exactly one spelling, so no
//! character of a cookie can be changed without the cookie being refused.

mod cookie_signer;
mod csrf_signer;
mod hmac_keys;
mod id_signer;
mod invalid;
mod payload;
mod remember_signer;
mod stamp_signer;
mod timestamp;
mod unreadable;

pub(crate) use cookie_signer::LONGEST as LONGEST_COOKIE;

pub use cookie_signer::CookieSigner;
pub(crate) use cookie_signer::Verified;
pub use csrf_signer::CsrfSigner;
pub use id_signer::IdSigner;
pub use invalid::Invalid;
pub use remember_signer::RememberSigner;
pub(crate) use stamp_signer::StampSigner;
pub use unreadable::Unreadable;

use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode::Indifferent;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD};

/// The base64 of everything that a signature covers: written without padding, read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, TOLERANT_OF_PADDING);
const TOLERANT_OF_PADDING: GeneralPurposeConfig = NO_PAD.with_decode_padding_mode(Indifferent);
