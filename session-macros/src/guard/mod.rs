//! `#[require_session]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

mod check;
mod expand;
mod model;
mod parse;

pub(crate) use expand::expand_request_guard;

/// A struct that has the right form is expanded in spite of wrong options, so that whoever uses it
/// gets no further errors.
pub(crate) fn require_session(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = match parse::parse_item(item, &mut errors) {
        Ok(item) => parse::parse_options(options, &mut errors).map(|options| {
            let mut guard = model::read(options, item, &mut errors);
            check::check(&mut guard, &mut errors);
            expand::expand(&guard)
        }),
        Err(kept) => kept,
    };
    let errors = errors.report();
    quote!(#expanded #errors)
}
