//! A guard that requires nothing is a mistake.

use crate::guard::{GuardDef, SessionState};

/// Whether a guard keeps anybody out, as a type.
#[derive(Debug)]
pub struct Requirement<const SOMETHING: bool>;

/// Implemented for `Requirement<true>` alone.
#[diagnostic::on_unimplemented(
    message = "this guard requires nothing: it would let everybody in",
    label = "without a login field, and no field of the guard is an `Option` there",
    note = "give the state a login field, `#[session(login)]`, or list a field that is an `Option` there"
)]
pub trait RequiresSomething {}

#[diagnostic::do_not_recommend]
impl RequiresSomething for Requirement<true> {}

/// Compiles for a guard that keeps somebody out.
pub const fn requires_something<R: RequiresSomething>() {}

/// Whether the guard keeps anybody out: because its base does
/// ([`SessionGuard::REQUIRES`](crate::guard::SessionGuard::REQUIRES)), or because one of its fields is
/// an `Option` in the state.
pub const fn requires<G: GuardDef<State: SessionState>>(base_requires: bool) -> bool {
    base_requires || any_optional(G::FIELDS, G::State::FIELDS)
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
