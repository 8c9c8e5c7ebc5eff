//! Numbers whose changes the policy `add` can add up.

/// A number whose changes can be added up.
///
/// Implement it for a type of your own, an amount of money for instance, to use `merge = "add"`.
#[diagnostic::on_unimplemented(
    message = "merge policy `add` does not fit a field of type `{Self}`",
    label = "values of this type can't be added up",
    note = "it is for numbers; write `merge = path::to::function` for a rule of your own"
)]
pub trait Number: Copy {
    /// The number that an absent field counts as.
    const ZERO: Self;

    /// Returns `self + (to − from)`. A result beyond the range of the type stops at its end.
    #[must_use]
    fn moved(self, from: Self, to: Self) -> Self;
}

macro_rules! integers {
    ($up:ident, $down:ident: $($int:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl Number for $int {
            const ZERO: Self = 0;

            /// The difference is taken without sign, so that it can't overflow itself.
            fn moved(self, from: Self, to: Self) -> Self {
                if to >= from { self.$up(to.abs_diff(from)) } else { self.$down(from.abs_diff(to)) }
            }
        }
    )+};
}

integers!(saturating_add, saturating_sub: u8, u16, u32, u64, u128, usize);
integers!(saturating_add_unsigned, saturating_sub_unsigned: i8, i16, i32, i64, i128, isize);

macro_rules! floats {
    ($($float:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl Number for $float {
            const ZERO: Self = 0.0;

            fn moved(self, from: Self, to: Self) -> Self {
                self + (to - from)
            }
        }
    )+};
}

floats!(f32, f64);
