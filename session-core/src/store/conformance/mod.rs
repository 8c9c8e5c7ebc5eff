//! The public test of stores, and a store that fails on demand (feature `conformance`).
//!
//! A store of your own is a page of code, and [`Suite`] is its test. It holds every rule of the
//! [`Store`](crate::store::Store) trait against it: one call after the other, at the same time, as
//! time passes, with every byte and with large records; then random histories of calls, compared
//! with a model. A store that passes can carry everything that this library promises of sessions.
//!
//! [`Faulty`] wraps any store for the tests of an application: what does a page do while the store
//! is down, what if the connection breaks after a write?
//!
//! # A store of one's own, from the first line to its test
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::{Mutex, MutexGuard, PoisonError};
//! use std::time::SystemTime;
//!
//! use rocket_session_state_core::store::conformance::Suite;
//! use rocket_session_state_core::store::{Call, Loaded, New, Store, StoreFuture, Swap, Touch};
//!
//! /// Sessions in a map.
//! #[derive(Default)]
//! struct MapStore(Mutex<HashMap<String, Record>>);
//!
//! struct Record {
//!     loaded: Loaded,
//!     ends: SystemTime,
//! }
//!
//! impl MapStore {
//!     /// The map without what has expired: what decides is the time of the call, not a clock.
//!     fn alive_at(&self, now: SystemTime) -> MutexGuard<'_, HashMap<String, Record>> {
//!         let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
//!         records.retain(|_, record| record.ends > now);
//!         records
//!     }
//! }
//!
//! impl Store for MapStore {
//!     fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> StoreFuture<'a, Option<Loaded>> {
//!         Box::pin(async move {
//!             let mut records = self.alive_at(call.now);
//!             let Some(record) = records.get_mut(key) else { return Ok(None) };
//!             // Writing costs nothing here: no need to look at `touch.when_left`.
//!             if let Some(touch) = touch {
//!                 record.ends = call.now + touch.lifetime;
//!             }
//!             Ok(Some(record.loaded.clone()))
//!         })
//!     }
//!
//!     fn swap<'a>(
//!         &'a self,
//!         call: Call,
//!         key: &'a str,
//!         expected: Option<&'a Loaded>,
//!         new: Option<New<'a>>,
//!     ) -> StoreFuture<'a, Swap> {
//!         Box::pin(async move {
//!             // Compare and write are one step: the map stays locked from here to the end.
//!             let mut records = self.alive_at(call.now);
//!             let current = records.get(key).map(|record| &record.loaded);
//!             if current != expected {
//!                 return Ok(Swap::Conflict(current.cloned()));
//!             }
//!             match new {
//!                 Some(new) => {
//!                     let loaded = Loaded::new(new.bytes.to_vec());
//!                     records.insert(key.to_owned(), Record { loaded, ends: call.now + new.lifetime });
//!                 }
//!                 None => drop(records.remove(key)),
//!             }
//!             Ok(Swap::Done { version: None })
//!         })
//!     }
//!
//!     fn delete<'a>(&'a self, call: Call, key: &'a str) -> StoreFuture<'a, bool> {
//!         Box::pin(async move { Ok(self.alive_at(call.now).remove(key).is_some()) })
//!     }
//!
//!     fn purge(&self, call: Call) -> StoreFuture<'_, u64> {
//!         Box::pin(async move {
//!             let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
//!             Ok((before - self.alive_at(call.now).len()) as u64)
//!         })
//!     }
//!
//!     fn ping(&self, _: Call) -> StoreFuture<'_, ()> {
//!         Box::pin(async { Ok(()) })
//!     }
//! }
//!
//! // In a test: #[tokio::test(flavor = "multi_thread")]
//! # #[tokio::main]
//! # async fn main() {
//! Suite::new(MapStore::default()).run().await.unwrap();
//! # }
//! ```
//!
//! An application uses it with `Sessions::fairing().store(MapStore::default())`.
//!
//! # A store whose server expires records by its own clock
//!
//! Nobody wants to wait for that clock, and nobody may set it. The suite therefore asks the test to
//! make single records older: see [`Ageing`], and for an example the tests of this library's own
//! Redis store in `session-core/tests/stores/conformance.rs`.

mod faulty;
mod held;
mod history;
mod rules;
mod subject;
mod suite;
mod violation;

pub use faulty::{Fault, Faulty, Moment, Operation};
pub use held::Held;
pub use subject::Ageing;
pub use suite::Suite;
pub use violation::Violations;
