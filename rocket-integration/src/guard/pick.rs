//! Telling an `Option` from other types without naming the type.
//!
//! A method of the type itself goes before a trait's method of the same name. So the first is
//! written for `Option<T>`, and the second, for every type, is found only where the first is not.

use std::marker::PhantomData;

use crate::SessionError;

/// What a state's accessor gave, on its way into a guard's field.
#[derive(Debug)]
pub struct Pick<T>(pub T);

impl<T> Pick<Option<T>> {
    /// What is present.
    ///
    /// # Errors
    ///
    /// [`SessionError::Forbidden`]: it is absent.
    pub fn take(self) -> Result<T, SessionError> {
        self.0.ok_or(SessionError::Forbidden)
    }
}

/// [`Pick::take`] for what is no `Option`.
pub trait PickPlain {
    /// What the accessor gave.
    type Plain;

    /// It, as it is.
    ///
    /// # Errors
    ///
    /// None: there is nothing that could be absent.
    fn take(self) -> Result<Self::Plain, SessionError>;
}

impl<T> PickPlain for Pick<T> {
    type Plain = T;

    fn take(self) -> Result<T, SessionError> {
        Ok(self.0)
    }
}

/// Asks whether `T` is an `Option`.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<Option<T>> {
    /// It is.
    pub const IS_OPTION: bool = true;
}

/// [`Probe::IS_OPTION`] for what is no `Option`.
pub trait NotAnOption {
    /// It is not.
    const IS_OPTION: bool = false;
}

impl<T> NotAnOption for Probe<T> {}

/// Stands for a field that an attribute has reported as an error already.
///
/// # Errors
///
/// Always: no such guard is ever built.
pub fn unknown<T>() -> Result<T, SessionError> {
    Err(SessionError::Forbidden)
}
