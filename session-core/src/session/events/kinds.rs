//! The words of events.

use serde::{Serialize, Serializer};

use crate::choice::choice;
use crate::formats::signing::Invalid;

choice! {
    /// What has happened to a session, to a request that asked for one, or to the store.
    ///
    /// One action makes one event, the most telling one: a log-in that begins a session is `logged_in` and not also
    /// `created`.
    #[non_exhaustive]
    EventKind {
        /// A visitor's session was begun.
        Created = "created",
        /// A user has logged in, with a session under a new id.
        LoggedIn = "logged_in",
        /// The user of a session has logged out, and the session has ended.
        LoggedOut = "logged_out",
        /// A session has got a new id, by `regenerate`.
        Renewed = "renewed",
        /// A user has logged in twice at once, as by a double click: the second log-in uses the session of the first.
        Joined = "joined",
        /// A session has ended otherwise than by its user's log-out: [`Event::by`](super::Event::by) says how.
        Ended = "ended",
        /// A session was changed by two requests at once, and the changes of both are kept.
        Merged = "merged",
        /// What a request has changed was not kept, which is a 409 in most cases: [`Event::why`](super::Event::why) says
        /// why.
        Refused = "refused",
        /// A page of another site has sent a request that got no session (403).
        CrossOrigin = "cross_origin",
        /// A cookie has no valid signature, or is not an id: [`Event::why`](super::Event::why) says more.
        CookieRefused = "cookie_refused",
        /// A cookie holds an id that the store does not know: the session has expired or was ended, or somebody guesses.
        IdUnknown = "id_unknown",
        /// What was stored of a session can't be read, so its visitor has got a new one.
        RecordUndecodable = "record_undecodable",
        /// A session was too large for its record or its cookie, and what was changed is not kept.
        TooLarge = "too_large",
        /// A call of the store has failed, after others were answered.
        StoreFailed = "store_failed",
        /// The store answers again.
        StoreBack = "store_back",
    }
}

choice! {
    /// What has ended a session.
    #[non_exhaustive]
    EndedBy {
        /// Its visitor: `destroy`, or a session that was emptied; a log-out with an id that was renewed meanwhile.
        LogOut = "log_out",
        /// Another session of its user, or the application: through the list of the user's sessions.
        Elsewhere = "elsewhere",
        /// It was not used for too long. Told of sessions in cookies alone: stores forget expired records unseen.
        Expired = "expired",
        /// `session_absolute_lifetime` has passed, and the record or the cookie was still there.
        AbsoluteLifetime = "absolute_lifetime",
        /// Its user has logged in elsewhere, and had as many sessions as `session_max_per_user` allows.
        Limit = "limit",
        /// Its user has another stamp since, such as another password.
        Stamp = "stamp",
        /// Its user was not found any more.
        UserGone = "user_gone",
        /// Its browser has another address or `User-Agent` than the one that has logged in (`session_protection = "strong"`).
        OtherBrowser = "other_browser",
    }
}

choice! {
    /// The reason why something was refused.
    #[non_exhaustive]
    Why {
        /// `refused`: the session has ended meanwhile.
        Ended = "ended",
        /// `refused`: the request came with an id that another request has renewed. The answers of GET and HEAD stay.
        Renewed = "renewed",
        /// `refused`: another request has changed a field with `merge = "refuse"`.
        Field = "field",
        /// `refused`: the user has as many sessions as `session_max_per_user` allows.
        TooManySessions = "too_many_sessions",
        /// `cookie_refused`: it is longer than any cookie of a session.
        TooLong = "too_long",
        /// `cookie_refused`: it has no signature.
        Unsigned = "unsigned",
        /// `cookie_refused`: no accepted key has made its signature.
        BadSignature = "bad_signature",
        /// `cookie_refused`: it was signed by a machine whose clock is ahead.
        FromTheFuture = "from_the_future",
        /// `cookie_refused`: its signature is good, and what was signed is not a session.
        Malformed = "malformed",
        /// `cookie_refused`: it has not the form of an id.
        NotAnId = "not_an_id",
    }
}

impl From<Invalid> for Why {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::TooLong => Why::TooLong,
            Invalid::NoSeparator => Why::Unsigned,
            Invalid::BadSignature | Invalid::OtherSecret => Why::BadSignature,
            Invalid::Future => Why::FromTheFuture,
            Invalid::TimestampMissing
            | Invalid::MalformedTimestamp
            | Invalid::TimestampOutOfRange
            | Invalid::Expired
            | Invalid::PayloadBase64
            | Invalid::PayloadZlib => Why::Malformed,
        }
    }
}

/// As its word.
impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// As its word.
impl Serialize for EndedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// As its word.
impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
