//! What `max` and `min` can compare.

/// A value of which one can be the greater: every type with [`PartialOrd`].
#[diagnostic::on_unimplemented(
    message = "merge policies `max` and `min` do not fit a field of type `{Self}`",
    label = "values of this type can't be compared",
    note = "derive `PartialOrd` for it; or write `merge = path::to::function` for a rule of your own"
)]
pub trait Comparable {
    /// Whether this is the greater one for certain.
    fn exceeds(&self, other: &Self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T: PartialOrd> Comparable for T {
    fn exceeds(&self, other: &T) -> bool {
        self > other
    }
}
