//! The form of a state: a struct with named fields, without generics.

use proc_macro2::TokenStream;
use syn::{Fields, Generics, Item, ItemStruct};

use crate::errors::Errors;
use crate::syntax::place;

const FORM: &str = "session state must be a struct with named fields";

/// Returns `None` for an item of another form: the compiler then stays quiet about its uses.
pub(super) fn parse(options: &TokenStream, item: TokenStream, errors: &mut Errors) -> Option<ItemStruct> {
    if !options.is_empty() {
        errors.at(options, "`#[session_state]` has no options; write them at a field: `#[session(..)]`");
    }
    let mut item = match errors.accept(syn::parse2(item))? {
        Item::Struct(item) => item,
        other => {
            errors.at(place(&other), FORM);
            return None;
        }
    };
    let ItemStruct { ident, generics, fields, .. } = &mut item;
    if !matches!(fields, Fields::Named(_)) {
        errors.at(&ident, format_args!("{FORM}\nwrite: `struct {ident} {{ username: Option<String>, .. }}`"));
        return None;
    }
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        errors.at(
            &generics.params,
            format_args!("session state can't be generic or borrow: its fields are read from one stored record\nwrite: `struct {ident} {{ .. }}`"),
        );
        (*generics, *fields) = (Generics::default(), Fields::Unit);
    }
    Some(item)
}
