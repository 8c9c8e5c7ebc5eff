//! What tests of stores, and of applications over a store, are made of (feature `conformance`).

mod faulty;

pub use faulty::{Fault, Faulty};
