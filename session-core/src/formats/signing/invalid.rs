//! Reasons to refuse a signed cookie or token.

use std::error::Error;
use std::fmt;

/// The reason why a signed cookie or token is refused. For the log only: to the client every reason is "no session".
///
/// The order of the variants is the order of the checks. The payload is not looked at before
/// signature and age are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Invalid {
    /// The cookie is longer than any that is signed here; nothing of it was looked at.
    TooLong,
    /// There is no dot, hence no signature.
    NoSeparator,
    /// No accepted key made this signature, or it is not spelt canonically.
    BadSignature,
    /// The signature is good, but what it covers has no timestamp.
    TimestampMissing,
    /// The timestamp is not base64, or has more than eight bytes.
    MalformedTimestamp,
    /// The timestamp is beyond the year 9999.
    TimestampOutOfRange,
    /// The cookie is older than the lifetime.
    Expired,
    /// The cookie was signed after the present second: the signer's clock is ahead.
    Future,
    /// The payload is not base64.
    PayloadBase64,
    /// The payload does not inflate, or to more than is accepted.
    PayloadZlib,
    /// The token was made for another secret than that of the session.
    OtherSecret,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Invalid::TooLong => "the cookie is too long",
            Invalid::NoSeparator => "the cookie carries no signature",
            Invalid::BadSignature => "the cookie's signature was made by no accepted key",
            Invalid::TimestampMissing => "the cookie carries no timestamp",
            Invalid::MalformedTimestamp => "the cookie's timestamp is malformed",
            Invalid::TimestampOutOfRange => "the cookie's timestamp lies beyond the year 9999",
            Invalid::Expired => "the cookie is older than the session lifetime",
            Invalid::Future => "the cookie was signed in the future: is a clock wrong?",
            Invalid::PayloadBase64 => "the cookie's payload is not base64",
            Invalid::PayloadZlib => "the cookie's payload does not inflate, or to too much",
            Invalid::OtherSecret => "the token was made for another session",
        })
    }
}

impl Error for Invalid {}
