//! The form of the item and of the attribute's arguments.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Fields, Ident, ItemFn, ItemStruct, Token, Type};

use crate::errors::Errors;
use crate::options::Written;

/// Says what an attribute without a type lacks above a struct.
pub(super) const BASE: &str = "`#[require_session]` names what the guard builds upon: a `#[session_state]` struct or another guard\n\
    write: `#[require_session(Visit)]`";

/// Says what an attribute without a type lacks above a handler.
pub(super) const GUARD: &str = "`#[require_session]` names the guard of the handler: a struct that has this attribute too\n\
    write: `#[require_session(Member)]`";

/// The arguments of the attribute: a type, then options.
pub(super) struct Arguments {
    pub(super) base: Type,
    pub(super) written: Vec<Written>,
}

/// Returns `None` if no type is named; `missing` says which one.
pub(super) fn parse_arguments(
    arguments: TokenStream,
    missing: &str,
    errors: &mut Errors,
) -> Option<Arguments> {
    let parser = |input: ParseStream| {
        if input.is_empty() {
            return Err(syn::Error::new(Span::call_site(), missing));
        }
        if input.peek(Ident) && input.peek2(Token![=]) {
            return Err(input.error(missing));
        }
        let base = input.parse()?;
        let comma = input.parse::<Option<Token![,]>>()?;
        if comma.is_none() && !input.is_empty() {
            return Err(input.error("expected `,`"));
        }
        let written = Punctuated::<Written, Token![,]>::parse_terminated(input)?;
        Ok(Arguments { base, written: written.into_iter().collect() })
    };
    errors.accept(parser.parse2(arguments))
}

/// The item below the attribute.
pub(super) enum Item {
    Struct(ItemStruct),
    Function(ItemFn),
}

/// Returns `None` for an item of another form: the compiler then stays quiet about its uses.
pub(super) fn parse_item(item: TokenStream, errors: &mut Errors) -> Option<Item> {
    match errors.accept(syn::parse2(item))? {
        syn::Item::Struct(item) => parse_struct(item, errors).map(Item::Struct),
        syn::Item::Fn(function) => Some(Item::Function(function)),
        syn::Item::Enum(item) => refuse(&item.ident, errors),
        syn::Item::Union(item) => refuse(&item.ident, errors),
        other => refuse(other, errors),
    }
}

fn parse_struct(item: ItemStruct, errors: &mut Errors) -> Option<ItemStruct> {
    let ident = &item.ident;
    if let Fields::Unnamed(_) = item.fields {
        errors.at(ident, format_args!(
            "a session guard has named fields, by which it finds them in the session\nwrite: `struct {ident} {{ username: String, .. }}`"
        ));
        return None;
    }
    Some(item)
}

fn refuse(at: impl ToTokens, errors: &mut Errors) -> Option<Item> {
    errors.at(at, "`#[require_session]` stands above a struct, which becomes a guard, or above a handler");
    None
}
