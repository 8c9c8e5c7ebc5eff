//! The fields of a guard: how they are filled, and the proof in each guard.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use std::any::type_name;
use std::fmt;
use std::hash::{Hash, Hasher};

use rocket_session_state_core::fields::{Field, get};
use rocket_session_state_core::session;

use super::traits::{GuardDef, Requirement, SessionState, TypedKey};
use super::unmarked::TheUser;
use crate::error::SessionError;
use crate::session::Session;

/// The proof that a request has passed the guard `G`. Only [`authorize`](crate::guard::authorize) makes one.
///
/// A struct that holds one can't be built from nothing, from a form or from a default. Proofs of one
/// guard are all alike, so that they do not disturb a guard's derived comparisons.
pub struct Proof<G: GuardDef>(pub(in crate::guard) G::Base);

impl<G: GuardDef> Proof<G> {
    /// The state or guard that this guard extends.
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

/// The parts of a guard.
#[derive(Debug)]
pub struct Parts<G: GuardDef> {
    /// The state of the request's session.
    pub state: G::State,
    /// The proof that the base has let the request in, and that somebody is logged in where the
    /// state has a login field.
    pub proof: Proof<G>,
}

/// The fields of a state by name, for the guards that read them.
///
/// `Fields` is a struct that has them, by which the compiler tells a field that is not there, or not visible,
/// from one that is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields that a guard can read by name",
    note = "only `#[session_state]` gives a struct such fields; implement the guard by hand, too"
)]
pub trait FieldNames {
    /// The struct of names.
    type Fields;
}

/// The names of the fields that the guard `G` can read.
pub type FieldsOf<G> = <<G as GuardDef>::State as FieldNames>::Fields;

/// A struct of names, with the fields that they name.
pub trait Names {
    /// All of them.
    const ALL: Self;
}

/// A field that is declared as a `T`, by its name. It tells an `Option` from other types without naming the type: a method
/// of the type itself goes before a trait's method of the same name, so that the second, for every field, is found only
/// where the first, for a field declared as `Option<T>`, is not.
///
/// It does not have the type that stands for the field in the state: a guard may be in another module, and may not name
/// that.
#[derive(Debug)]
pub struct FieldName<T> {
    read: fn(&session::Session) -> T,
    key: &'static str,
}

impl<T> FieldName<T> {
    /// The name of the field `F`.
    #[must_use]
    pub const fn of<F: Field<Declared = T>>() -> Self {
        FieldName { read: get::<F>, key: F::KEY }
    }

    /// Returns `true` if the field is the login field of the state `S`.
    pub fn is_login<S: SessionState>(&self) -> bool {
        S::LOGIN == Some(self.key)
    }
}

impl FieldName<TheUser> {
    /// The name of the user.
    #[must_use]
    pub const fn of_the_user() -> Self {
        // No field of a session has this key.
        FieldName { read: |_| TheUser, key: "" }
    }
}

impl<T> FieldName<Option<T>> {
    /// Reads what is present.
    ///
    /// # Errors
    ///
    /// [`SessionError::Forbidden`]: it is absent.
    pub fn read(&self, session: &Session) -> Result<T, SessionError> {
        (self.read)(session).ok_or(SessionError::Forbidden)
    }

    /// Says that a guard with this field keeps somebody out.
    pub fn requirement(&self) -> Requirement<true> {
        Requirement
    }
}

/// The methods of [`FieldName`] for fields that are not declared as an `Option`.
pub trait PlainField {
    /// The declared type.
    type Plain;

    /// Reads the field as it is declared.
    ///
    /// # Errors
    ///
    /// None: there is nothing that could be absent.
    fn read(&self, session: &Session) -> Result<Self::Plain, SessionError>;

    /// Says that this field keeps nobody out.
    fn requirement(&self) -> Requirement<false> {
        Requirement
    }
}

impl<T> PlainField for FieldName<T> {
    type Plain = T;

    fn read(&self, session: &Session) -> Result<T, SessionError> {
        Ok((self.read)(session))
    }
}

/// Returns the field that the function names.
pub fn field<N: Names, T>(name: fn(N) -> FieldName<T>) -> FieldName<T> {
    name(N::ALL)
}

/// Returns `true` if the field that the function names keeps somebody out. It is not called.
pub const fn is_required<N, const REQUIRED: bool>(_: fn(N) -> Requirement<REQUIRED>) -> bool {
    REQUIRED
}

/// Returns the session that fields are read from.
pub fn session_of<G: GuardDef<State: SessionState>>(parts: &Parts<G>) -> &Session {
    parts.state.session()
}

/// Returns a field's key and the function that names the type stored there.
pub const fn typed_key<F: Field>() -> TypedKey {
    (F::KEY, type_name::<F::Stored>)
}

/// A state's field of type `Self` fills a guard's field of type `G` if the types are equal.
#[diagnostic::on_unimplemented(
    message = "the session field holds `{Self}`, but this guard field is a `{G}`",
    label = "wrong type for this guard field",
    note = "give both the same type; an `Option<T>` in the state becomes `T` in a guard"
)]
pub trait FillsField<G> {
    /// The guard's field.
    fn fill(self) -> G;
}

impl<T> FillsField<T> for T {
    fn fill(self) -> T {
        self
    }
}

/// A second way to fill a field. Without it, the compiler would take the only one for granted and report a
/// wrong type in its own words.
#[derive(Debug)]
pub struct Decoy<T>(pub T);

#[diagnostic::do_not_recommend]
impl<T> FillsField<Decoy<T>> for T {
    fn fill(self) -> Decoy<T> {
        Decoy(self)
    }
}

/// Fills a guard's field with what was read.
pub fn fill<G, S: FillsField<G>>(read: S) -> G {
    read.fill()
}

/// Stands for a field that an attribute has reported as an error already.
///
/// # Errors
///
/// Always: no such guard is ever built.
pub fn unknown_field<T>() -> Result<T, SessionError> {
    Err(SessionError::Forbidden)
}
