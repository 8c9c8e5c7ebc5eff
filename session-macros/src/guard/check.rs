//! The rules of a guard that can be seen without its state.

use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Field, Fields, Generics, ItemStruct};

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
    let ItemStruct { ident, generics, fields, .. } = &mut guard.item;
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        errors.at(&generics, format_args!("a session guard can't be generic or borrow: it owns what it has proved\nwrite: `struct {ident} {{ .. }}`"));
        (*generics, *fields) = (Generics::default(), Fields::Unit);
    }
}

/// Refuses derives that would make a guard out of nothing, or out of what a visitor sends.
fn check_derives(guard: &mut Guard, errors: &mut Errors) {
    let ident = &guard.item.ident;
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

/// Such a field is not looked up in the state.
fn check_fields(guard: &Guard, errors: &mut Errors) {
    for Field { ident, ty, .. } in &guard.item.fields {
        if let (Some(ident), Some(item)) = (ident, optional(ty)) {
            let (name, item) = (ident.unraw(), item.to_token_stream());
            errors.at(ty, format_args!(
                "a guard proves that `{name}` is present, so it can't stay an `Option`\nwrite: `{name}: {item}`"
            ));
        }
    }
}
