//! The stamp of a login: it ends when the user's stamp is another one.

use super::changes::FieldRule;
use super::events::EndedBy;
use super::identity::RotationReason;
use super::{Session, login};
use crate::formats::value::Value;

/// The key of the stamp: its code, and the SHA-256 of the login value. So another user's stamp counts as none.
pub(super) const STAMP: &str = "_stamp";

impl Session {
    /// Notes that whoever logs in was proven to be the user, as by a password, and binds the login to the user's stamp. Such a
    /// login holds also if the session that the request came with has ended meanwhile, then without its data.
    #[doc(hidden)]
    pub fn prove_login(&self, stamp: Option<&[u8]>) {
        let mut state = self.used();
        state.rotate(RotationReason::LogIn);
        if let Some(stamp) = stamp
            && let Some(sealed) = self.sealed(login::user_fingerprint(&state), stamp)
            && let Ok(raw) = state.contents.format().encode(&sealed)
        {
            state.contents.set(STAMP, raw, FieldRule::default());
        }
    }

    /// Tells whether the login counts while the user has this stamp. A login without one gets it, unless
    /// `session_stamp_required` is on.
    #[doc(hidden)]
    pub fn accepts_stamp(&self, stamp: &[u8]) -> bool {
        let mut state = self.used();
        let Some(user) = login::user_fingerprint(&state) else { return false };
        let signer = self.shared.manager.stamps();
        let sealed = match state.contents.value(STAMP) {
            Ok(Some(Value::List(sealed))) => sealed,
            _ => Vec::new(),
        };
        let is_current = match sealed.as_slice() {
            [Value::Str(code), Value::Str(who)] if *who == user => {
                let Some(is_current) = signer.check(code, &user, stamp) else { return false };
                is_current
            }
            _ if self.shared.manager.config().session_stamp_required => return false,
            _ => false,
        };
        if !is_current && let Some(sealed) = self.sealed(Some(user), stamp) {
            state.seal(STAMP, &sealed);
        }
        true
    }

    /// Ends the session since its login does not count any more: its user is gone, or has another stamp. Nobody has wished
    /// that, so it ends nothing but what this request has loaded: the user may just have logged in anew beside it, with
    /// another answer's cookie.
    #[doc(hidden)]
    pub fn end_unproven_login(&self, by: EndedBy) {
        let fresh = self.shared.manager.fresh();
        self.used().disown(fresh, by);
    }

    /// Returns how often this request has changed who is logged in.
    #[doc(hidden)]
    pub fn changes_of_login(&self) -> u32 {
        self.state().changes_of_login
    }

    fn sealed(&self, user: Option<String>, stamp: &[u8]) -> Option<Value> {
        let user = user?;
        let code = self.shared.manager.stamps().code(&user, stamp);
        Some(Value::List(vec![Value::Str(code), Value::Str(user)]))
    }

    /// Logs the user out: removes the login field and with it the data of the session. What is left gets an id of its own
    /// at the save. Where nobody is logged in, nothing happens, except under an id that another request has renewed: then the
    /// session that lives under the new one ends.
    ///
    /// An application without a login field has nobody to log out: [`destroy`](Self::destroy) ends its sessions.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.log_out();
    /// assert!(session.is_empty());
    /// # });
    /// ```
    pub fn log_out(&self) {
        let mut state = self.used();
        // Flask may have left a null in the field, and a visitor's data beside it.
        let is_null = |key: &str| matches!(state.contents.value(key), Ok(None | Some(Value::None)));
        match state.login_key.filter(|key| !is_null(key) || state.contents.has_encode_error(key)) {
            Some(key) => {
                state.take(key, FieldRule::default());
            }
            None => state.end_successor(),
        }
    }
}
