//! What the compiler says of a guard that has a field `user` and no attribute above it.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use super::fields::FillsField;

/// Has the name `user` among the fields of a state that has a user and no field of that name. It fills no field.
#[derive(Debug)]
pub struct TheUser;

/// Stands for the attribute that a field lacks.
#[derive(Debug)]
pub enum Attribute {}

/// Implemented for no type.
#[diagnostic::on_unimplemented(
    message = "the user is not a field of the session, so a guard asks for it by an attribute",
    label = "write `#[session(user)]` above this field",
    note = "write `#[session(user)] user: {G}`"
)]
pub trait MarksUser<G> {
    /// The field.
    fn mark(user: TheUser) -> G;
}

impl<G> FillsField<G> for TheUser
where
    Attribute: MarksUser<G>,
{
    fn fill(self) -> G {
        Attribute::mark(self)
    }
}
