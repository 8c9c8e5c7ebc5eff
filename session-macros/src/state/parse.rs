//! The form of a state: a struct with named fields, without generics.

use proc_macro2::TokenStream;
use syn::{Attribute, Field, Fields, Ident, Item, ItemStruct, Visibility};

use crate::errors::Errors;

const FORM: &str = "session state must be a struct with named fields";

/// A struct of the right form.
pub(super) struct Parsed {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) fields: Vec<Field>,
}

/// Returns `None` for an item of another form: the compiler then stays quiet about its uses.
pub(super) fn parse(options: &TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Parsed> {
    if !options.is_empty() {
        errors.at(options, "`#[session_state]` has no options; write them at a field: `#[session(..)]`");
    }
    match errors.accept(syn::parse2(item))? {
        Item::Struct(item) => parse_struct(item, errors),
        Item::Enum(item) => refuse(&item.ident, errors),
        Item::Union(item) => refuse(&item.ident, errors),
        other => refuse(other, errors),
    }
}

fn refuse(at: impl quote::ToTokens, errors: &mut Errors) -> Option<Parsed> {
    errors.at(at, FORM);
    None
}

fn parse_struct(item: ItemStruct, errors: &mut Errors) -> Option<Parsed> {
    let ItemStruct { attrs, vis, ident, generics, fields, .. } = item;
    let Fields::Named(fields) = fields else {
        errors.at(&ident, format_args!("{FORM}\nwrite: `struct {ident} {{ username: Option<String>, .. }}`"));
        return None;
    };
    if generics.params.is_empty() && generics.where_clause.is_none() {
        return Some(Parsed { attrs, vis, ident, fields: fields.named.into_iter().collect() });
    }
    errors.at(
        &generics.params,
        format_args!("session state can't be generic or borrow: its fields are read from one stored record\nwrite: `struct {ident} {{ .. }}`"),
    );
    Some(Parsed { attrs, vis, ident, fields: Vec::new() })
}
