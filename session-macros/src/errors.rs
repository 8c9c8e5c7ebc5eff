//! All mistakes of one attribute, reported together.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Collects errors. Whoever makes one has to turn it into tokens: a forgotten one would let a
/// mistake compile.
#[derive(Default)]
pub(crate) struct Errors {
    found: Option<syn::Error>,
    reported: bool,
}

impl Errors {
    /// An error that underlines `at`.
    pub(crate) fn at(&mut self, at: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// The value, or its error noted.
    pub(crate) fn accept<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The `compile_error!`s.
    pub(crate) fn report(mut self) -> TokenStream {
        self.reported = true;
        self.found.take().map_or_else(TokenStream::new, |found| found.into_compile_error())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(self.reported || std::thread::panicking(), "the errors of an attribute were not reported");
    }
}
