//! `#[session_state]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

mod check;
mod expand;
mod model;
mod parse;
mod snapshot;
mod user;

/// Expands a struct of the right form in spite of wrong options, so that its uses give no further errors.
pub(crate) fn session_state(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = parse::parse_options(options, &mut errors);
    let state = parse::parse(item, &mut errors).map(|item| {
        let mut state = model::read(&options, item, &mut errors);
        check::check(&mut state, &mut errors);
        expand::expand(&state)
    });
    let errors = errors.report();
    quote!(#state #errors)
}
