//! What makes a guard worth having: nobody else can make one.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::guard::GuardDef;

/// The proof that a request has passed the guard `G`. Only [`authorize`](crate::guard::authorize) makes one.
///
/// A struct that holds one can't be built from nothing, from a form or from a default. Proofs of one
/// guard are all alike, so that they do not disturb a guard's derived comparisons.
pub struct Proof<G: GuardDef>(pub(in crate::guard) G::Base);

impl<G: GuardDef> Proof<G> {
    /// What the guard builds upon.
    pub fn base(&self) -> &G::Base {
        &self.0
    }
}

impl<G: GuardDef<Base: Clone>> Clone for Proof<G> {
    fn clone(&self) -> Self {
        Proof(self.0.clone())
    }
}

impl<G: GuardDef> fmt::Debug for Proof<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

impl<G: GuardDef> PartialEq for Proof<G> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<G: GuardDef> Eq for Proof<G> {}

impl<G: GuardDef> Hash for Proof<G> {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

/// What a guard is built from.
#[derive(Debug)]
pub struct Parts<G: GuardDef> {
    /// The state of the request's session.
    pub state: G::State,
    /// The proof that the base has let the request in, and that somebody is logged in where the
    /// state has a login field.
    pub proof: Proof<G>,
}
