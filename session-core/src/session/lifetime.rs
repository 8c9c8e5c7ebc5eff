//! A session's own lifetime.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::Session;
use super::changes::FieldRule;
use super::term::LIFETIME;

/// The shortest life that a session can have.
const SHORTEST: Duration = Duration::from_secs(1);

/// The error of giving a session a life of less than a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifetimeTooShort {
    asked: Duration,
}

impl LifetimeTooShort {
    /// Returns the life that was asked for.
    pub fn asked(&self) -> Duration {
        self.asked
    }
}

impl fmt::Display for LifetimeTooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a session can't live for {:?}: its shortest life is one second", self.asked)
    }
}

impl Error for LifetimeTooShort {}

impl Session {
    /// Gives the session a life of its own instead of `permanent_session_lifetime`: so long after its last use it ends,
    /// and so does its cookie, which outlives the browser then. "Remember me for 90 days", or "five minutes for this
    /// code".
    ///
    /// It is kept in the session, in whole seconds, until [`clear_lifetime`](Self::clear_lifetime), a log-out or a change
    /// of user. A lifetime of more than `session_lifetime_max` is cut to that, with a warning in the log; and no session
    /// outlives `session_absolute_lifetime`. A session that holds nothing else is stored nowhere.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// use std::time::Duration;
    ///
    /// # let remember_me = true;
    /// if remember_me {
    ///     session.set_lifetime(Duration::from_secs(14 * 24 * 60 * 60))?;
    /// }
    /// assert_eq!(session.lifetime().map(|own| own.as_secs()), Some(1_209_600));
    /// # Ok::<(), rocket_session_state_core::session::LifetimeTooShort>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`LifetimeTooShort`] for less than a second. Then nothing is changed.
    pub fn set_lifetime(&self, lifetime: Duration) -> Result<(), LifetimeTooShort> {
        if lifetime < SHORTEST {
            return Err(LifetimeTooShort { asked: lifetime });
        }
        let max = self.shared.manager.config().lifetime_max();
        if lifetime > max {
            log::warn!(
                "a session was to live for {lifetime:?} and gets {max:?}: write a longer session_lifetime_max, or ask \
                 for less"
            );
        }
        let now = self.now();
        let mut state = self.used();
        let seconds = state.owner().bind(lifetime.min(max).as_secs());
        state.put(LIFETIME, Ok(seconds), FieldRule::default(), now);
        Ok(())
    }

    /// Lets the session live as long as others again, from this use on.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// # use std::time::Duration;
    /// session.set_lifetime(Duration::from_secs(300))?;
    /// session.clear_lifetime();
    /// assert_eq!(session.lifetime(), None);
    /// # Ok::<(), rocket_session_state_core::session::LifetimeTooShort>(()) }).unwrap();
    /// ```
    pub fn clear_lifetime(&self) {
        self.used().take(LIFETIME, FieldRule::default());
    }

    /// Returns the session's own lifetime, as [`set_lifetime`](Self::set_lifetime) has set it; `None` if it lives as long
    /// as the configuration says.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// let kept = match session.lifetime() {
    ///     Some(own) => format!("you stay logged in for {} days", own.as_secs() / 86_400),
    ///     None => "you stay logged in as long as everybody".to_owned(),
    /// };
    /// # assert!(kept.ends_with("everybody"));
    /// # });
    /// ```
    pub fn lifetime(&self) -> Option<Duration> {
        let now = self.now();
        let term = self.used().term(self.shared.manager.refresh(), now);
        term.is_own.then_some(term.lifetime)
    }
}
