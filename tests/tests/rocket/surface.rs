//! Every type that stands in a public signature has a name in the one crate that applications depend on.

use std::time::{Duration, SystemTime};

use rocket::http::Status;
use rocket::http::uri::Origin;
use rocket_session_state::config::{
    ConfigError, CrossOrigin, Place, Problem, RecordFormat, SameSite, SecretKey, SessionConfig,
    SessionProtection, SessionType, UnknownChoice, Warning, WhenFull,
};
use rocket_session_state::guard::{Listed, LoginTarget, SessionGuard, SessionState};
use rocket_session_state::merge::{Collection, Comparable, MergeError, Number, Policy, Refused};
use rocket_session_state::store::{
    Call, FileStore, Loaded, MemcachedStore, MemoryStore, MongoStore, New, RedisStore, SqlStore, SqlTable,
    Store, StoreError, Swap,
};
use rocket_session_state::value::{Bytes, DateTime, InvalidDateTime, Markup, Uuid, Value};
use rocket_session_state::{
    ClearSiteData, DecodeError, EncodeError, FieldError, Flash, ForeignRequest, Format, LifetimeTooShort,
    Next, NextRedirect, Outage, PurgeError, SaveError, Session, SessionError, SessionFairing, SessionId,
    Sessions, UserSession, UserSessions,
};

/// Each argument is a type that a method below gives or takes.
#[expect(dead_code, reason = "it is compiled, which is the test")]
async fn every_method_of_a_session(session: Session) -> Result<(), Box<dyn std::error::Error>> {
    let _: Option<SessionId> = session.id();
    let _: Option<Duration> = session.login_age();
    let _: Option<Duration> = session.lifetime();
    let _: Result<(), LifetimeTooShort> = session.set_lifetime(Duration::from_secs(300));
    let _: SystemTime = session.now();
    let _: Result<(), SaveError> = session.save().await;
    let _: Result<Option<u8>, FieldError> = session.get("key");
    let _: Vec<(String, Result<Value, FieldError>)> = session.iter().collect();
    let flashes: Vec<Flash> = session.take_flashes();
    for Flash { category, message } in flashes {
        session.flash(message, category);
    }
    let fairing: SessionFairing = Sessions::fairing();
    let purged: Result<u64, PurgeError> = fairing.purge(&rocket::build()).await;
    purged?;
    Ok(())
}

#[expect(dead_code, reason = "it is compiled, which is the test")]
async fn every_session_of_a_user<S: Listed>(sessions: Sessions, user: S::Id) -> Result<(), SaveError> {
    let all: UserSessions<S> = sessions.of(&user);
    let shown: Vec<UserSession> = all.list().await?;
    for session in shown {
        let _: (SystemTime, SystemTime) = (session.created(), session.last_seen());
        let _: bool = all.end(session.handle()).await?;
    }
    Ok(())
}

/// Each error is taken apart into the errors that it holds.
#[expect(dead_code, reason = "it is compiled, which is the test")]
fn every_error(
    session: SessionError,
    save: SaveError,
    field: FieldError,
    purge: PurgeError,
    merge: MergeError,
) -> Option<String> {
    match session {
        SessionError::Unavailable(outage) => {
            let _: Outage = outage;
        }
        SessionError::CrossOrigin(request) => {
            let _: ForeignRequest = request;
        }
        _ => {}
    }
    match save {
        SaveError::Unavailable(source) | SaveError::RecordTooLarge { source, .. } => {
            let _: StoreError = source;
        }
        SaveError::Encode { key, source } => {
            let _: (String, EncodeError) = (key, source);
        }
        other => {
            let _: Status = other.status();
        }
    }
    if let FieldError::Decode { key, expected, source } = field {
        let _: (String, &'static str, DecodeError) = (key, expected, source);
    }
    match purge {
        PurgeError::Config(source) => {
            let _: ConfigError = source;
        }
        PurgeError::Store(source) => {
            let _: StoreError = source;
        }
        _ => {}
    }
    let _: MergeError = merge;
    None
}

/// Each type that is read from a text, with its error.
#[expect(dead_code, reason = "it is compiled, which is the test")]
fn every_conversion() -> Result<(), Box<dyn std::error::Error>> {
    let unknown: Result<SameSite, UnknownChoice> = "sometimes".parse();
    unknown?;
    let unknown: Result<CrossOrigin, UnknownChoice> = "perhaps".parse();
    unknown?;
    let unknown: Result<WhenFull, UnknownChoice> = "newest".parse();
    unknown?;
    let unknown: Result<SessionType, UnknownChoice> = "paper".parse();
    unknown?;
    let unknown: Result<RecordFormat, UnknownChoice> = "xml".parse();
    unknown?;
    let invalid: Result<DateTime, InvalidDateTime> = "yesterday".parse();
    invalid?;
    Ok(())
}

/// The types that are named by a setting, a store, a merge policy, a guard or an answer.
type Named = (
    (Place, Problem, RecordFormat, SameSite, SecretKey, SessionConfig, SessionProtection, SessionType),
    (UnknownChoice, Warning),
    (Call, Loaded, New<'static>, Swap, SqlTable),
    (MemoryStore, RedisStore, SqlStore, MemcachedStore, MongoStore, FileStore),
    (Bytes, DateTime, InvalidDateTime, Markup, Uuid, Value, Format),
    (Policy<u8>, Refused, LoginTarget, Next, NextRedirect, ClearSiteData<()>, Origin<'static>),
);

#[expect(dead_code, reason = "it is compiled, which is the test")]
fn every_trait<S: Store, V: SessionState, G: SessionGuard, N: Number, C: Collection, I: Comparable>(
    _: Named,
) {
}
