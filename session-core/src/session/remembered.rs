//! Logins shared with Flask-Login: the remember-me cookie, and the browser that a login belongs to.
//!
//! A login by the cookie has no password behind it. So it is not fresh, and it yields to whatever another request has done with
//! the session meanwhile: it is joined by its like alone, and what was proven is never joined by it (`returning.rs`).

use std::time::{Duration, SystemTime};

use super::changes::{FieldRule, theirs_or_mine};
use super::events::EndedBy;
use super::identity::RotationReason;
use super::login::{self, LOGIN_AT};
use super::manager::Manager;
use super::owner::Owner;
use super::stamp::STAMP;
use super::state::State;
use super::term::{CREATED_AT, LIFETIME};
use super::{SaveError, Session};
use crate::config::{CheckedConfig, SessionProtection};
use crate::formats::codec::Record;
use crate::formats::cookie::SetCookie;
use crate::formats::id::SessionId;
use crate::formats::signing::RememberSigner;
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;

/// Whether the user gave a password in this session.
const FRESH: &str = "_fresh";

/// The browser that has logged in: see [`identifier`](crate::formats::browser::identifier).
const BROWSER: &str = "_id";

/// What the next answer does with the cookie: `"set"` or `"clear"`.
const REMEMBER: &str = "_remember";

/// For how many seconds the cookie is set, if not as long as the configuration says.
const SECONDS: &str = "_remember_seconds";

/// What the manager of shared logins has for all sessions.
pub(super) struct SharedLogins {
    signer: RememberSigner,
    cookie: SetCookie,
}

/// What a request has to do with shared logins.
#[derive(Default)]
pub(super) struct Remembering {
    /// The browser of the request, where logins belong to one.
    browser: Option<String>,
    /// The request has brought a remember-me cookie.
    cookie_came: bool,
    /// Somebody was logged out in this request.
    logged_out: bool,
    /// A name for requests that come with the same cookie from the same browser, and with no session.
    pub(super) returning: Option<SessionId>,
    /// The line for the answer.
    set_cookie: Option<String>,
}

impl SharedLogins {
    /// `None` where logins are not shared.
    pub(super) fn of(config: &CheckedConfig) -> Option<Self> {
        let key = config.secret_key.as_ref().map(|key| key.as_bytes()).filter(|key| !key.is_empty())?;
        config.environment().shares_logins.then(|| SharedLogins {
            signer: RememberSigner::new(key),
            cookie: SetCookie::new(&config.remember_cookie()),
        })
    }
}

impl Session {
    /// Asks for Flask-Login's remember-me cookie: the answer sets it for the user who is logged in by then, so that the
    /// browser is logged in again, here and in Flask, when this session has ended. It is kept for `remember_cookie_duration`.
    ///
    /// Call it after the log-in, as Flask's `login_user(user, remember=True)` does, and only if the visitor has asked for it.
    /// Where logins are not [shared](crate::config::Environment::shares_logins), the next answer of Flask sets the cookie.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("_user_id", "7");
    /// session.remember_login();
    /// assert_eq!(session.get::<String>("_remember")?.as_deref(), Some("set"));
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    pub fn remember_login(&self) {
        self.ask_for_cookie(None);
    }

    /// As [`remember_login`](Self::remember_login), for this time instead of the configured one, in whole seconds.
    pub fn remember_login_for(&self, duration: Duration) {
        self.ask_for_cookie(Some(duration));
    }

    fn ask_for_cookie(&self, duration: Option<Duration>) {
        let now = self.now();
        let mut state = self.used();
        state.put(REMEMBER, Ok(Value::Str("set".into())), FieldRule::default(), now);
        match duration {
            Some(duration) => {
                state.put(SECONDS, Ok(Value::Int(duration.as_secs().into())), FieldRule::default(), now);
            }
            None => drop(state.take(SECONDS, FieldRule::default())),
        }
    }

    /// Does what Flask-Login does when it is first asked for the user, where logins are shared: compares the browser with
    /// that of the login, and if nobody is logged in, reads the remember-me cookie. Returns the id of the user who is to be
    /// looked for.
    ///
    /// # Errors
    ///
    /// The store failed.
    #[doc(hidden)]
    pub async fn recall(
        &self,
        browser: impl FnOnce() -> String,
        cookie: Option<&str>,
    ) -> Result<Option<String>, SaveError> {
        let manager = &self.shared.manager;
        let Some(shared) = manager.shared_logins() else { return Ok(None) };
        let protection = manager.config().session_protection;
        if protection.is_none() && cookie.is_none() {
            return Ok(None);
        }
        let browser = browser();
        self.come_from(&browser);
        if let Some(remembering) = &mut self.state().remembering {
            remembering.cookie_came = cookie.is_some();
        }
        if let Some(protection) = protection
            && self.state().is_of_other_browser(&browser)
        {
            // What is in a copy may be from before the log-in.
            self.ensure_current_unused().await?;
            if !self.protect(protection, &browser) {
                return Ok(None);
            }
        }
        let may_be_recalled = || !manager.config().session_stamp_required && self.state().may_be_recalled();
        let Some(cookie) = cookie.filter(|_| may_be_recalled()) else { return Ok(None) };
        let Ok(user) = shared.signer.verify(cookie) else { return Ok(None) };
        self.ensure_current_unused().await?;
        let may_return = may_be_recalled() && manager.may_return(self, user, [cookie, &browser]).await?;
        Ok(may_return.then(|| user.to_owned()))
    }

    /// Names the browser to which a log-in of this request belongs.
    #[doc(hidden)]
    pub fn come_from(&self, browser: &str) {
        let is_protected = self.shared.manager.config().session_protection.is_some();
        if let Some(remembering) = self.state().remembering.as_mut().filter(|_| is_protected) {
            remembering.browser = Some(browser.to_owned());
        }
    }

    /// Ends what the browser may not go on with. `false` if it was a login, which ends the remember-me cookie, too.
    fn protect(&self, protection: SessionProtection, browser: &str) -> bool {
        let mut state = self.state();
        if !state.is_of_other_browser(browser) {
            return true;
        }
        let has_user = login::user_fingerprint(&state).is_some();
        if protection == SessionProtection::Basic || state.permanent() {
            if has_user && state.contents.value(FRESH).ok().flatten() != Some(Value::Bool(false)) {
                state.flags.accessed = true;
                let now = self.now();
                state.put(FRESH, Ok(Value::Bool(false)), FieldRule::default(), now);
            }
            return true;
        }
        state.flags.accessed = true;
        state.note_log_out();
        drop(state);
        if has_user {
            self.end_unproven_login(EndedBy::OtherBrowser);
        }
        false
    }

    /// Logs in the user whom the remember-me cookie names, and who was found.
    #[doc(hidden)]
    pub fn log_in_recalled(&self, user: &str) {
        let now = self.now();
        let mut state = self.used();
        let Some(key) = state.login_key else { return };
        state.changes_of_login += 1;
        state.flags.modified = true;
        let own_lifetime = state.own_seconds();
        state.rotate(RotationReason::Recall);
        if state.contents.raw(STAMP).is_some() {
            state.contents.remove(STAMP, FieldRule::default());
        }
        let user = Value::Str(user.to_owned());
        let owner = Owner::User(login::fingerprint(state.contents.format(), &user));
        let browser = state.remembering.as_ref().and_then(|remembering| remembering.browser.clone());
        let lifetime = own_lifetime.map(|seconds| owner.bind(seconds));
        for (key, value) in [
            (key, Some(user)),
            (FRESH, Some(Value::Bool(false))),
            // It was made here, and nobody has given a password.
            (LOGIN_AT, Some(owner.bind(0))),
            (CREATED_AT, state.is_dated.then(|| owner.bind(unix_seconds(now)))),
            (BROWSER, browser.map(Value::Str)),
            (LIFETIME, lifetime),
        ] {
            if let Some(raw) = value.and_then(|value| state.contents.format().encode(&value).ok()) {
                // What a log-in beside it has written stays.
                state.contents.set(key, raw, FieldRule { merge: Some(theirs_or_mine) });
            }
        }
    }

    async fn ensure_current_unused(&self) -> Result<(), SaveError> {
        self.shared.manager.ensure_current(self).await
    }
}

impl State {
    /// Tells whether the session is stored and belongs to another browser. Nobody's session is that of a browser until
    /// somebody logs in, and Flask-Login counts it as another's.
    fn is_of_other_browser(&self, browser: &str) -> bool {
        let record = &self.contents.record;
        !record.is_empty()
            && self.contents.value(BROWSER).ok().flatten() != Some(Value::Str(browser.to_owned()))
    }

    /// Tells whether a remember-me cookie may log somebody in.
    fn may_be_recalled(&self) -> bool {
        let clears =
            || matches!(self.contents.value(REMEMBER), Ok(Some(Value::Str(word))) if word == "clear");
        self.login_key.is_some() && login::user_fingerprint(self).is_none() && !clears()
    }

    /// Notes that the login is one by a password, of this browser.
    pub(super) fn mark_fresh(&mut self) {
        let Some(remembering) = &self.remembering else { return };
        let browser = remembering.browser.clone().map(Value::Str);
        for (key, value) in [(FRESH, Some(Value::Bool(true))), (BROWSER, browser)] {
            if let Some(raw) = value.and_then(|value| self.contents.format().encode(&value).ok()) {
                self.contents.set(key, raw, FieldRule::default());
            }
        }
    }

    /// Tells whether the login is not fresh, whenever it was: Flask or another browser has said so.
    pub(super) fn is_marked_stale(&self) -> bool {
        self.remembering.is_some() && matches!(self.contents.value(FRESH), Ok(Some(Value::Bool(false))))
    }

    /// Notes that somebody was logged out, so that the answer deletes the remember-me cookie.
    pub(super) fn note_log_out(&mut self) {
        if let Some(remembering) = &mut self.remembering {
            remembering.logged_out = true;
        }
    }

    /// Tells whether requests that are under way with the session's id could be logged in by their remember-me cookie, though
    /// the user has logged out.
    pub(super) fn has_forgotten(&self) -> bool {
        self.remembering.as_ref().is_some_and(|remembering| remembering.logged_out && remembering.cookie_came)
    }

    /// Decides about the remember-me cookie, as Flask-Login does behind each of its answers, and takes that out of the
    /// session which has asked for it.
    pub(super) fn settle_cookie(&mut self, manager: &Manager, now: SystemTime) {
        let Some(shared) = manager.shared_logins() else { return };
        if self.identity.renewed.is_some() && !self.has_forgotten() {
            // The answer changes no cookie.
            return;
        }
        let config = manager.config();
        let asked = self.contents.value(REMEMBER).ok().flatten();
        let refreshes =
            asked.is_none() && !self.has_forgotten() && config.remember_cookie_refresh_each_request;
        let line = match &asked {
            Some(Value::Str(word)) if word == "set" => self.cookie_line(shared, config, now),
            Some(Value::Str(word)) if word == "clear" => Some(shared.cookie.delete()),
            None if self.has_forgotten() => Some(shared.cookie.delete()),
            None if refreshes => self.cookie_line(shared, config, now),
            _ => None,
        };
        if asked.is_some() {
            self.flags.accessed = true;
            self.take(REMEMBER, FieldRule::default());
        }
        if let (Some(line), Some(remembering)) = (line, &mut self.remembering) {
            remembering.set_cookie = Some(line);
        }
    }

    /// The line that sets the cookie for the user who is logged in.
    fn cookie_line(&self, shared: &SharedLogins, config: &CheckedConfig, now: SystemTime) -> Option<String> {
        let Ok(Some(Value::Str(user))) = self.contents.value(self.login_key?) else { return None };
        let seconds = match self.contents.value(SECONDS) {
            Ok(Some(Value::Int(seconds))) => u64::try_from(seconds).ok().map(Duration::from_secs),
            Ok(Some(Value::Float(seconds))) => Duration::try_from_secs_f64(seconds).ok(),
            _ => None,
        };
        let expires = later(now, seconds.unwrap_or(config.remember_cookie_duration).min(LONGEST));
        let line = shared.cookie.set_text(&shared.signer.sign(&user), Some(expires));
        if line.len() > LONGEST_LINE {
            log::error!("the remember-me cookie is {} bytes long, which browsers don't keep", line.len());
            return None;
        }
        Some(line)
    }

    /// Takes the line of the answer.
    pub(super) fn take_cookie_line(&mut self) -> Option<String> {
        self.remembering.as_mut()?.set_cookie.take()
    }
}

/// More than a life, and a time to which this can be added.
const LONGEST: Duration = Duration::from_secs(1 << 32);

/// What browsers keep.
const LONGEST_LINE: usize = 4093;

/// Tells whether the user of a record has given no password, so that a remember-me cookie has logged in.
pub(super) fn is_recalled(record: &Record, key: &str) -> bool {
    let value = |key: &str| record.get(key).and_then(|raw| record.format().decode(raw).ok());
    let owner = Owner::of(record.format(), Some(key), value);
    let by_cookie =
        matches!(owner, Owner::User(_)) && value(LOGIN_AT).and_then(|at| owner.number(&at)) == Some(0);
    by_cookie && value(FRESH) == Some(Value::Bool(false))
}
