//! The breakers of a store: one for each part that fails on its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::breaker::{Breaker, Work};
use super::outage_listener::OutageListener;
use crate::store::{DynStore, Part};

/// Breakers of one store.
pub(super) struct Breakers {
    whole: Breaker,
    parts: Mutex<HashMap<Part, Breaker>>,
    make: Box<dyn Fn(Option<Part>) -> Breaker + Send + Sync>,
}

/// With so many parts, those are forgotten that work: servers come and go.
const PARTS: usize = 256;

impl Breakers {
    /// The arguments are those of [`Breaker::new`].
    pub(super) fn new(
        name: &'static str,
        threshold: u32,
        store: DynStore,
        patience: Duration,
        listener: Option<Arc<dyn OutageListener>>,
    ) -> Self {
        let make =
            move |part| Breaker::of_part(part, name, threshold, store.clone(), patience, listener.clone());
        Breakers { whole: make(None), parts: Mutex::default(), make: Box::new(make) }
    }

    /// Returns the breaker of a store that has no parts.
    pub(super) fn whole(&self) -> &Breaker {
        &self.whole
    }

    /// Returns the breaker of a part, if it is one.
    pub(super) fn of(&self, part: Option<&Part>) -> Cow<'_, Breaker> {
        let Some(part) = part else { return Cow::Borrowed(&self.whole) };
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = parts.get(part) {
            return Cow::Owned(breaker.clone());
        }
        if parts.len() >= PARTS {
            parts.retain(|_, breaker| !breaker.is_closed(Work::Load) || !breaker.is_closed(Work::Write));
        }
        let breaker = (self.make)(Some(part.clone()));
        parts.insert(part.clone(), breaker.clone());
        Cow::Owned(breaker)
    }
}
