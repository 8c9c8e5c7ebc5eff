//! Verdicts that the guards of a request leave for the response fairing.

use std::sync::{Mutex, PoisonError};

use crate::login::LoginTarget;

/// Whether guards have decided about the request, and where its visitor has to log in.
#[derive(Default)]
pub(crate) struct GuardVerdict(Mutex<Verdict>);

#[derive(Default, Clone, Copy)]
struct Verdict {
    guarded: bool,
    pending_login: Option<LoginTarget>,
}

impl GuardVerdict {
    /// Notes that the answer depends on who is logged in.
    pub(crate) fn note_guard(&self) {
        self.change(|verdict| verdict.guarded = true);
    }

    /// Notes that the visitor has to log in first. The last guard that says so counts: it is the one
    /// that was asked for, and the others are those that it builds upon.
    pub(crate) fn require_login(&self, login: Option<LoginTarget>) {
        self.change(|verdict| verdict.pending_login = login);
    }

    /// Whether a guard has decided about the request.
    pub(crate) fn is_guarded(&self) -> bool {
        self.verdict().guarded
    }

    /// The page at which the visitor has to log in first.
    pub(crate) fn pending_login(&self) -> Option<LoginTarget> {
        self.verdict().pending_login
    }

    fn verdict(&self) -> Verdict {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Verdict)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
