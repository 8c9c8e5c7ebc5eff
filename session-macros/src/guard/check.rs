//! The rules of a guard that can be seen without its state.

use quote::ToTokens as _;
use syn::Generics;
use syn::ext::IdentExt as _;

use crate::errors::Errors;
use crate::guard::model::Guard;
use crate::syntax::{name_of, optional};

/// Reports what breaks a rule and takes away what would make the compiler complain of it again.
pub(super) fn check(guard: &mut Guard, errors: &mut Errors) {
    check_generics(guard, errors);
    check_derives(guard, errors);
    check_fields(guard, errors);
}

fn check_generics(guard: &mut Guard, errors: &mut Errors) {
    if !guard.generics.params.is_empty() || guard.generics.where_clause.is_some() {
        errors.at(&guard.generics, format_args!("a session guard can't be generic or borrow: it owns what it has proved\nwrite: `struct {} {{ .. }}`", guard.ident));
        guard.generics = Generics::default();
        guard.fields.clear();
    }
}

/// Refuses derives that would make a guard out of nothing, or out of what a visitor sends.
fn check_derives(guard: &mut Guard, errors: &mut Errors) {
    let ident = &guard.ident;
    guard.derives.retain(|path| {
        let name = name_of(path);
        let forges = ["Default", "Deserialize", "FromForm"].contains(&name.as_str());
        if forges {
            errors.at(path, format_args!(
                "`{name}` can't be derived for a session guard: only a request that passes it makes a `{ident}`\nleave it out"
            ));
        }
        !forges
    });
}

fn check_fields(guard: &mut Guard, errors: &mut Errors) {
    for required in &mut guard.fields {
        let name = required.ident.unraw().to_string();
        if let Some(item) = optional(&required.field.ty) {
            let item = item.to_token_stream();
            errors.at(&required.field.ty, format_args!(
                "a guard proves that `{name}` is present, so it can't stay an `Option`\nwrite: `{name}: {item}`"
            ));
            required.known = false;
        }
    }
}
