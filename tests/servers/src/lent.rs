//! Servers that tests use one after another, where a start takes seconds.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What can be used by another test after one.
pub trait Lendable: Sized + 'static {
    /// Those that nobody uses.
    fn idle() -> &'static Mutex<Vec<Self>>;

    /// Starts another one.
    fn start() -> Self;

    /// Makes it whole and empty, whatever was done to it.
    fn make_ready(&mut self);
}

/// A server for this test alone, empty and whole. When the value is dropped the next test gets it.
pub struct Lent<S: Lendable>(Option<S>);

impl<S: Lendable> Lent<S> {
    /// Takes one that another test of this process has left, or starts one.
    pub fn take() -> Lent<S> {
        let idle = S::idle().lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut server = idle.unwrap_or_else(S::start);
        server.make_ready();
        Lent(Some(server))
    }
}

impl<S: Lendable> Deref for Lent<S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.0.as_ref().expect("a server until it is dropped")
    }
}

impl<S: Lendable> DerefMut for Lent<S> {
    fn deref_mut(&mut self) -> &mut S {
        self.0.as_mut().expect("a server until it is dropped")
    }
}

impl<S: Lendable> Drop for Lent<S> {
    fn drop(&mut self) {
        // Nobody knows what state a test leaves that has failed.
        if let Some(server) = self.0.take().filter(|_| !thread::panicking()) {
            S::idle().lock().unwrap_or_else(PoisonError::into_inner).push(server);
        }
    }
}
