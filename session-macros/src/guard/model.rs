//! A guard as its options describe it.

use std::time::Duration;

use syn::{Expr, Field, Ident, ItemStruct, LitInt, Path, Type};

use crate::duration::{self, DurationError};
use crate::errors::Errors;
use crate::guard::login;
use crate::guard::parse::Arguments;
use crate::guard::user::{self, UserField};
use crate::options::{Options, Written};
use crate::syntax::take_derives;

/// The options in `#[require_session(..)]`, after the type.
#[derive(Clone, Copy)]
enum GuardOption {
    Login,
    Check,
    Fresh,
}

const OPTIONS: Options<GuardOption> = Options {
    kind: "guard option",
    known: &[("login", GuardOption::Login), ("check", GuardOption::Check), ("fresh", GuardOption::Fresh)],
    elsewhere: &[("user", "#[session(user)]` at a field of the guard")],
};

/// A guard: a struct that is filled from the state of what it builds upon.
pub(super) struct Guard {
    /// The struct, without its derives.
    pub(super) item: ItemStruct,
    pub(super) derives: Vec<Path>,
    pub(super) base: Type,
    /// The fields that hold the user.
    pub(super) users: Vec<UserField>,
    /// The page where visitors log in: its path as a string, or a function that makes the address.
    pub(super) login: Option<Expr>,
    /// The function that decides.
    pub(super) check: Option<Expr>,
    /// The milliseconds since the login at most, where they were written.
    pub(super) fresh: Option<LitInt>,
}

impl Guard {
    /// How the field holds the user, if it does.
    pub(super) fn user_of(&self, field: &Field) -> Option<&UserField> {
        self.users.iter().find(|user| Some(&user.field) == field.ident.as_ref())
    }
}

/// Reads all options. What can't be read is reported and left out.
pub(super) fn read(arguments: Arguments, mut item: ItemStruct, errors: &mut Errors) -> Guard {
    let derives = take_derives(&mut item.attrs, errors);
    let users = user::take(&mut item, errors);
    let mut guard =
        Guard { item, derives, base: arguments.base, users, login: None, check: None, fresh: None };
    let mut seen = Vec::new();
    for option in &arguments.written {
        read_option(option, &mut guard, &mut seen, errors);
    }
    guard
}

fn read_option(option: &Written, guard: &mut Guard, seen: &mut Vec<Ident>, errors: &mut Errors) {
    match OPTIONS.recognize(option, seen, errors) {
        Some(GuardOption::Login) => guard.login = login::read(option, errors),
        Some(GuardOption::Check) => guard.check = read_check(option, &guard.item.ident, errors),
        Some(GuardOption::Fresh) => guard.fresh = read_fresh(option, errors),
        None => {}
    }
}

fn read_fresh(option: &Written, errors: &mut Errors) -> Option<LitInt> {
    let text = option.string("fresh = \"10 minutes\"", errors)?;
    let fresh = match duration::parse(&text.value()) {
        Ok(fresh) => fresh,
        Err(error @ DurationError::Unit(_)) => {
            errors.at(&text, format_args!("{:?} {error}", text.value()));
            return None;
        }
        Err(_) => Duration::ZERO,
    };
    let millis = u64::try_from(fresh.as_millis()).ok().filter(|millis| *millis > 0);
    if millis.is_none() {
        errors.at(
            &text,
            format_args!(
                "{:?} is not a valid duration\nwrite a number with a unit: `\"10 minutes\"`, `\"1h 30m\"`",
                text.value()
            ),
        );
    }
    millis.map(|millis| LitInt::new(&millis.to_string(), text.span()))
}

fn read_check(option: &Written, guard: &Ident, errors: &mut Errors) -> Option<Expr> {
    let form = format!("check = {guard}::is_staff");
    let value = option.value(&form, errors)?;
    if let Expr::Lit(_) = value {
        errors.at(value, format_args!("`check` takes a function: `{form}`"));
        return None;
    }
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn millis(text: &str) -> Option<u64> {
        let mut errors = Errors::default();
        let fresh = read_fresh(&parse_quote!(fresh = #text), &mut errors);
        assert_eq!(fresh.is_none(), !errors.report().is_empty(), "{text}");
        fresh.map(|fresh| fresh.base10_parse().expect("a number"))
    }

    #[test]
    fn fresh_takes_the_durations_of_the_configuration() {
        for (text, expected) in [
            ("10 minutes", 600_000),
            ("1h 30m", 5_400_000),
            ("90s", 90_000),
            ("500 ms", 500),
            ("1.5 hours", 5_400_000),
            ("2 Hours", 7_200_000),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn fresh_takes_nothing_else() {
        for text in ["", "10", "minutes", "ten minutes", "10 parsecs", "-1 s", "0 s", "0.1 ms", "1 month"] {
            assert_eq!(millis(text), None, "{text}");
        }
        assert_eq!(millis(&format!("{} weeks", "9".repeat(400))), None);
    }
}
