//! Which policy fits which type, with the words that the compiler says if it does not.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use crate::merge::{Collection, Number, Refused, policies};

/// `merge = "add"`: see [`add`](crate::merge::add).
#[derive(Debug, Clone, Copy)]
pub struct Add;

/// `merge = "max"`: see [`max`](crate::merge::max).
#[derive(Debug, Clone, Copy)]
pub struct Max;

/// `merge = "min"`: see [`min`](crate::merge::min).
#[derive(Debug, Clone, Copy)]
pub struct Min;

/// `merge = "union"`: see [`union`](crate::merge::union).
#[derive(Debug, Clone, Copy)]
pub struct Union;

/// Fields that store `Self` can use the built-in policy `P`.
///
/// [`last`](crate::merge::last) and [`refuse`](crate::merge::refuse) fit every type and need no marker.
/// A type of your own gets `add` by implementing [`Number`], `max` and `min` by [`PartialOrd`],
/// and `union` by [`Collection`].
#[diagnostic::on_unimplemented(
    message = "merge policy `{P}` does not fit a field of type `{Self}`",
    label = "`{P}` can't merge this type",
    note = "`add` is for numbers, `max` and `min` for what can be compared, `union` for lists and sets of comparable items",
    note = "`last` and `refuse` are for every type, and `merge = path::to::function` for any rule of your own"
)]
pub trait Mergeable<P>: Sized {
    /// Applies the policy.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the two changes can't both stand.
    fn merge(base: Option<Self>, mine: Option<Self>, theirs: Option<Self>) -> Result<Option<Self>, Refused>;
}

macro_rules! policies {
    ($($marker:ident = $policy:ident for $bound:path;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: $bound> Mergeable<$marker> for T {
            fn merge(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
                policies::$policy(base, mine, theirs)
            }
        }
    )+};
}

policies! {
    Add = add for Number;
    Max = max for PartialOrd;
    Min = min for PartialOrd;
    Union = union for Collection;
}
