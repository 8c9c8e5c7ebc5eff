//! The one path by which generated code names the library.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// `::rocket_session_state::__private`: all that generated code needs, also of Rocket.
pub(crate) fn private() -> TokenStream {
    quote!(::rocket_session_state::__private)
}

/// The same for code whose errors are to point at `span`.
pub(crate) fn private_at(span: Span) -> TokenStream {
    quote_spanned!(span=> ::rocket_session_state::__private)
}
