//! `#[require_session]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use crate::errors::Errors;

mod check;
mod expand;
mod handler;
mod login;
mod model;
mod parse;
mod user;

pub(crate) use expand::expand_request_guard;

/// Expands an item of the right form in spite of wrong options, so that its uses give no further errors.
pub(crate) fn require_session(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = match parse::parse_item(item, &mut errors) {
        Some(Item::Struct(item)) => {
            parse::parse_arguments(arguments, parse::BASE, &mut errors).map(|arguments| {
                let mut guard = model::read(arguments, item, &mut errors);
                check::check(&mut guard, &mut errors);
                expand::expand(&guard)
            })
        }
        Some(Item::Fn(function)) => Some(handler::expand(arguments, function, &mut errors)),
        _ => None,
    };
    let errors = errors.report();
    quote!(#expanded #errors)
}
