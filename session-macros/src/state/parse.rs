//! The form of a state: a struct with named fields, without generics.

use proc_macro2::TokenStream;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Fields, Generics, Item, ItemStruct, Token};

use crate::errors::Errors;
use crate::options::Written;
use crate::syntax::place;

const FORM: &str = "session state must be a struct with named fields";

/// Returns the options of the attribute.
pub(super) fn parse_options(options: TokenStream, errors: &mut Errors) -> Vec<Written> {
    let options = Punctuated::<Written, Token![,]>::parse_terminated.parse2(options);
    errors.accept(options).into_iter().flatten().collect()
}

/// Returns `None` for an item of another form: the compiler then stays quiet about its uses.
pub(super) fn parse(item: TokenStream, errors: &mut Errors) -> Option<ItemStruct> {
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
