//! `#[require_session]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

mod check;
mod duration;
mod expand;
mod handler;
mod login_path;
mod model;
mod parse;

pub(crate) use expand::expand_request_guard;

/// What has the right form is expanded in spite of wrong options, so that whoever uses it gets no
/// further errors.
pub(crate) fn require_session(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = match parse::parse_item(item, &mut errors) {
        Some(parse::Item::Struct(item)) => {
            parse::parse_options(options, parse::BASE, &mut errors).map(|options| {
                let mut guard = model::read(options, item, &mut errors);
                check::check(&mut guard, &mut errors);
                expand::expand(&guard)
            })
        }
        Some(parse::Item::Function(function)) => Some(handler::expand(options, function, &mut errors)),
        None => None,
    };
    let errors = errors.report();
    quote!(#expanded #errors)
}
