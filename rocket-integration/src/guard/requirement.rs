//! A guard that requires nothing is a mistake.

use crate::guard::{GuardDef, SessionState};

/// Fails to compile, evaluated in a constant, for a guard that would let everybody in: its base
/// requires nothing ([`SessionGuard::REQUIRES`](crate::guard::SessionGuard::REQUIRES)), and none of
/// its fields is an `Option` in the state.
pub const fn requires_something<G: GuardDef<State: SessionState>>(base_requires: bool) {
    let requires = base_requires || any_optional(G::FIELDS, G::State::FIELDS);
    assert!(
        requires,
        "this guard requires nothing: give its state a login field, or list a field that is an `Option` there"
    );
}

const fn any_optional(mut required: &[&str], state: &[(&str, bool)]) -> bool {
    while let [name, rest @ ..] = required {
        if is_optional(name, state) {
            return true;
        }
        required = rest;
    }
    false
}

const fn is_optional(name: &str, mut state: &[(&str, bool)]) -> bool {
    while let [(field, optional), rest @ ..] = state {
        if *optional && equal(name.as_bytes(), field.as_bytes()) {
            return true;
        }
        state = rest;
    }
    false
}

const fn equal(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, one_rest @ ..], [b, other_rest @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (one_rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}
