//! What guards leave with the request for the response fairing.

use std::sync::{Mutex, PoisonError};

use crate::guard::LoginTarget;

/// Whether guards were asked, and where the visitor has to log in.
#[derive(Default)]
pub(crate) struct Asked(Mutex<Answer>);

#[derive(Default, Clone, Copy)]
struct Answer {
    guarded: bool,
    login: Option<LoginTarget>,
}

impl Asked {
    /// Notes that the answer depends on who is logged in.
    pub(crate) fn guard(&self) {
        self.change(|answer| answer.guarded = true);
    }

    /// Notes that the visitor has to log in first. The last guard that says so counts: it is the one
    /// that was asked for, and the others are those that it builds upon.
    pub(crate) fn require_login(&self, login: Option<LoginTarget>) {
        self.change(|answer| answer.login = login);
    }

    pub(crate) fn is_guarded(&self) -> bool {
        self.answer().guarded
    }

    pub(crate) fn login(&self) -> Option<LoginTarget> {
        self.answer().login
    }

    fn answer(&self) -> Answer {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Answer)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
