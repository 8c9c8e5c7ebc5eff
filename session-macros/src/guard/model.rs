//! A guard as its options describe it.

use std::time::Duration;

use quote::ToTokens as _;
use syn::{
    Attribute, Expr, ExprMacro, Field, Fields, Generics, Ident, ItemStruct, LitStr, Macro, Path, Type,
    Visibility,
};

use crate::duration::{self, DurationError};
use crate::errors::Errors;
use crate::guard::parse::Arguments;
use crate::options::{Options, Written, string_of};
use crate::syntax::{name_of, take_derives};

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
    elsewhere: &[],
};

const LOGIN: &str = "login = |next| uri!(login_page(next))";

/// A guard: a struct that is filled from the state of what it builds upon.
pub(super) struct Guard {
    pub(super) derives: Vec<Path>,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) base: Type,
    pub(super) fields: Vec<Required>,
    pub(super) login: Option<Login>,
    /// The function that decides.
    pub(super) check: Option<Expr>,
    pub(super) fresh: Option<Fresh>,
}

/// A field, as it was declared and as it will be.
pub(super) struct Required {
    pub(super) field: Field,
    pub(super) ident: Ident,
    /// Whether it can be looked up in the state: otherwise an error has been reported already.
    pub(super) known: bool,
}

/// The page where visitors log in.
pub(super) enum Login {
    /// A function that makes the address.
    Route(Expr),
    Path(LitStr),
}

/// The longest time since the login.
pub(super) struct Fresh {
    pub(super) text: LitStr,
    pub(super) millis: u64,
}

/// Reads all options. What can't be read is reported and left out.
pub(super) fn read(arguments: Arguments, item: ItemStruct, errors: &mut Errors) -> Guard {
    let ItemStruct { mut attrs, vis, ident, generics, fields, .. } = item;
    let fields = match fields {
        Fields::Named(fields) => fields.named.into_iter().filter_map(required).collect(),
        Fields::Unnamed(_) | Fields::Unit => Vec::new(),
    };
    let derives = take_derives(&mut attrs, errors);
    let base = arguments.base;
    let mut guard =
        Guard { derives, attrs, vis, ident, generics, base, fields, login: None, check: None, fresh: None };
    let mut seen = Vec::new();
    for option in &arguments.written {
        read_option(option, &mut guard, &mut seen, errors);
    }
    guard
}

fn required(field: Field) -> Option<Required> {
    let ident = field.ident.clone()?;
    Some(Required { field, ident, known: true })
}

fn read_option(option: &Written, guard: &mut Guard, seen: &mut Vec<Ident>, errors: &mut Errors) {
    match OPTIONS.recognize(option, seen, errors) {
        Some(GuardOption::Login) => guard.login = read_login(option, errors),
        Some(GuardOption::Check) => guard.check = read_check(option, &guard.ident, errors),
        Some(GuardOption::Fresh) => guard.fresh = read_fresh(option, errors),
        None => {}
    }
}

fn read_login(option: &Written, errors: &mut Errors) -> Option<Login> {
    let value = option.value(LOGIN, errors)?;
    if let Some(path) = string_of(value) {
        return errors.accept(check_login_path(&path)).map(|()| Login::Path(path));
    }
    match value {
        Expr::Lit(_) => errors.at(
            value,
            format_args!("`login` takes the login page: `{LOGIN}`, or its path: `login = \"/login\"`"),
        ),
        Expr::Macro(ExprMacro { mac, .. }) if name_of(&mac.path) == "uri" => errors.at(
            value,
            format_args!(
                "`login` takes a function of the page to go on to after the login, and this is an address\n\
                 write: {}",
                corrected(mac)
            ),
        ),
        function => return Some(Login::Route(function.clone())),
    }
    None
}

/// Says how the address `uri!(..)` is written as a function.
fn corrected(mac: &Macro) -> String {
    mac.parse_body::<Path>().map_or_else(
        |_| format!("`{LOGIN}`"),
        |route| {
            let route = route.to_token_stream();
            format!("`login = |next| uri!({route}(next))`, or `login = |_| uri!({route})` if the page takes no `next`")
        },
    )
}

/// Refuses a text that is not a path on this site.
fn check_login_path(path: &LitStr) -> syn::Result<()> {
    let text = path.value();
    let is_path = text.starts_with('/') && !text.starts_with("//");
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%?&=+".contains(&byte));
    if is_path && is_plain {
        return Ok(());
    }
    Err(syn::Error::new(
        path.span(),
        format_args!(
            "`{text}` is not a path on this site: it starts with one `/` and holds what a URI can hold\n\
             write: `login = \"/login\"`, or `{LOGIN}`"
        ),
    ))
}

fn read_fresh(option: &Written, errors: &mut Errors) -> Option<Fresh> {
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
    millis.map(|millis| Fresh { text, millis })
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
        fresh.map(|fresh| fresh.millis)
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
