//! The public test of stores, and a store that fails on demand (feature `conformance`).
//!
//! A store of your own is a page of code, and [`Suite`] is its test. It holds every rule of the
//! [`Store`](rocket_session_state_core::store::Store) trait against it: one call after the other, at the same time, as
//! time passes, with every byte and with large records; then random histories of calls, compared
//! with a model. A store that passes can carry everything that this library promises of sessions.
//!
//! [`Faulty`] wraps any store for the tests of an application: what does a page do while the store
//! is down, what if the connection breaks after a write?
//!
//! The guide's page "Write your own store" builds one and tests it.
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

pub use faulty::{Fault, Faulty, HoldPoint, Operation};
pub use held::Held;
pub use subject::Ageing;
pub use suite::Suite;
pub use violation::Violations;
