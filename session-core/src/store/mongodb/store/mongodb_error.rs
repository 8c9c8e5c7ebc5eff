//! MongoDB errors without what they quote.

use std::fmt;

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::driver_error::{DriverError, Verdict};

/// The server's code for a second document of one id.
const DUPLICATE_KEY: i32 = 11_000;

/// The codes of a server that refuses the login, and of one that is ending.
const AWAY: [i32; 3] = [18, 91, 11_600];

/// Flask-Session makes no unique index, so that two of its requests can have written one session twice.
const TWO_OF_ONE_ID: &str = ": two documents have one id; list such ids with db.COLLECTION.aggregate([{$group: \
    {_id: \"$id\", n: {$sum: 1}}}, {$match: {n: {$gt: 1}}}]) in mongosh, and delete all but one document of each";

/// The server's own texts quote keys and documents.
impl DriverError for Error {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((code, name)) = answer(self) {
            write!(f, "MongoDB answered error {code}")?;
            if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                write!(f, " ({name})")?;
            }
            return if code == DUPLICATE_KEY { f.write_str(TWO_OF_ONE_ID) } else { Ok(()) };
        }
        match self.kind.as_ref() {
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => {
                f.write_str("the connection to MongoDB failed")
            }
            ErrorKind::ServerSelection { message, .. } => f.write_str(unselected(message)),
            ErrorKind::DnsResolve { .. } => f.write_str("the address of MongoDB was not found in DNS"),
            ErrorKind::Authentication { .. } => f.write_str("MongoDB refused user or password"),
            ErrorKind::InvalidTlsConfig { .. } => f.write_str("the settings for TLS can't be used"),
            ErrorKind::IncompatibleServer { .. } => f.write_str("the server is too old for the driver"),
            ErrorKind::InvalidArgument { .. } => f.write_str("the driver refused a setting or a command"),
            _ => f.write_str("MongoDB failed"),
        }
    }

    fn safe_source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.kind.as_ref() {
            ErrorKind::Io(error) => Some(error.as_ref()),
            _ => None,
        }
    }

    fn verdict(&self) -> Verdict {
        if let Some((code, _)) = answer(self) {
            return if AWAY.contains(&code) { Verdict::Away } else { Verdict::Refused };
        }
        match self.kind.as_ref() {
            ErrorKind::InvalidResponse { .. } | ErrorKind::Bson(_) => {
                Verdict::Garbled("an answer in MongoDB's protocol")
            }
            ErrorKind::InvalidArgument { .. } => Verdict::Refused,
            _ => Verdict::Away,
        }
    }
}

/// Returns what is worth reading of the driver's words about servers that it could not use: the reason of the first one
/// that it tells of, otherwise all, which is the addresses and what it takes the servers for.
fn unselected(message: &str) -> &str {
    let reason = message.split_once("Error: Kind: ").and_then(|(_, rest)| rest.split_once(", labels: "));
    reason.map_or(message, |(reason, _)| reason)
}

/// Tells whether a unique index kept a document from being written.
pub(super) fn is_duplicate(error: &Error) -> bool {
    answer(error).is_some_and(|(code, _)| code == DUPLICATE_KEY)
}

/// Returns code and name of an error that the server answered.
fn answer(error: &Error) -> Option<(i32, &str)> {
    match error.kind.as_ref() {
        ErrorKind::Command(error) => Some((error.code, &error.code_name)),
        ErrorKind::Write(WriteFailure::WriteError(error)) => {
            Some((error.code, error.code_name.as_deref().unwrap_or_default()))
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Some((error.code, &error.code_name)),
        _ => None,
    }
}
