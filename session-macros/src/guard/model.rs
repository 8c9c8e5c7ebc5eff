//! A guard as its options describe it.

use syn::{Attribute, Expr, Field, Fields, Generics, Ident, ItemStruct, LitStr, Path, Type, Visibility};

use crate::attributes::take_derives;
use crate::errors::Errors;
use crate::guard::parse::Options;
use crate::guard::{duration, login_path};
use crate::options::{Written, did_you_mean, listed, string_of};

const OPTIONS: [&str; 3] = ["login", "check", "fresh"];

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

/// Where visitors log in.
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
pub(super) fn read(options: Options, item: ItemStruct, errors: &mut Errors) -> Guard {
    let ItemStruct { mut attrs, vis, ident, generics, fields, .. } = item;
    let fields = match fields {
        Fields::Named(fields) => fields.named.into_iter().filter_map(required).collect(),
        Fields::Unnamed(_) | Fields::Unit => Vec::new(),
    };
    let derives = take_derives(&mut attrs, errors);
    let base = options.base;
    let mut guard =
        Guard { derives, attrs, vis, ident, generics, base, fields, login: None, check: None, fresh: None };
    let mut seen = Vec::new();
    for option in &options.written {
        read_option(option, &mut guard, &mut seen, errors);
    }
    guard
}

fn required(field: Field) -> Option<Required> {
    let ident = field.ident.clone()?;
    Some(Required { field, ident, known: true })
}

fn read_option(option: &Written, guard: &mut Guard, seen: &mut Vec<Ident>, errors: &mut Errors) {
    let name = option.name.to_string();
    if !OPTIONS.contains(&name.as_str()) {
        let near = did_you_mean(&name, &OPTIONS);
        let options = listed(&OPTIONS);
        return errors.at(
            &option.name,
            format_args!("unknown guard option `{name}`{near}\nthe options are: {options}"),
        );
    }
    if seen.contains(&option.name) {
        return errors.at(&option.name, format_args!("`{name}` is given twice; keep one"));
    }
    seen.push(option.name.clone());
    match name.as_str() {
        "login" => {
            let form = "login = |next| uri!(login_page(Some(next)))";
            guard.login = option.value(form, errors).and_then(|value| read_login(value, form, errors));
        }
        "check" => guard.check = read_check(option, &guard.ident, errors),
        _ => {
            guard.fresh = option.string("fresh = \"10 minutes\"", errors).and_then(|text| {
                let millis = errors.accept(duration::parse(&text))?;
                Some(Fresh { text, millis })
            });
        }
    }
}

fn read_login(value: &Expr, form: &str, errors: &mut Errors) -> Option<Login> {
    match (string_of(value), value) {
        (Some(path), _) => errors.accept(login_path::check(&path)).map(|()| Login::Path(path)),
        (None, Expr::Lit(_)) => {
            errors.at(
                value,
                format_args!("`login` takes the login page: `{form}`, or its path: `login = \"/login\"`"),
            );
            None
        }
        (None, function) => Some(Login::Route(function.clone())),
    }
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
