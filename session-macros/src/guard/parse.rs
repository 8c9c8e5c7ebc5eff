//! The form of a guard: a struct with named fields, and what it builds upon.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Fields, Ident, Item, ItemStruct, Token, Type};

use crate::errors::Errors;
use crate::options::Written;

const BASE: &str = "`#[require_session]` names what the guard builds upon: a `#[session_state]` struct or another guard\n\
    write: `#[require_session(Visit)]`";

/// What stands in the parentheses.
pub(super) struct Options {
    pub(super) base: Type,
    pub(super) written: Vec<Written>,
}

/// `None` if there is no base to build upon.
pub(super) fn parse_options(options: TokenStream, errors: &mut Errors) -> Option<Options> {
    let parser = |input: ParseStream| {
        if input.is_empty() {
            return Err(syn::Error::new(Span::call_site(), BASE));
        }
        if input.peek(Ident) && input.peek2(Token![=]) {
            return Err(input.error(BASE));
        }
        let base = input.parse()?;
        let comma = input.parse::<Option<Token![,]>>()?;
        if comma.is_none() && !input.is_empty() {
            return Err(input.error("expected `,`"));
        }
        let written = Punctuated::<Written, Token![,]>::parse_terminated(input)?;
        Ok(Options { base, written: written.into_iter().collect() })
    };
    errors.accept(parser.parse2(options))
}

/// The struct, or what is kept of another item: a function stays, so that its uses are no errors,
/// and where nothing stays, the compiler is quiet about uses.
pub(super) fn parse_item(item: TokenStream, errors: &mut Errors) -> Result<ItemStruct, Option<TokenStream>> {
    match errors.accept(syn::parse2(item)) {
        Some(Item::Struct(item)) => parse_struct(item, errors),
        Some(Item::Fn(function)) => {
            errors.at(
                &function.sig.ident,
                "`#[require_session]` guards a struct; a handler takes that struct as an argument: `_: Member`",
            );
            Err(Some(function.into_token_stream()))
        }
        Some(Item::Enum(item)) => refuse(&item.ident, errors),
        Some(Item::Union(item)) => refuse(&item.ident, errors),
        Some(other) => refuse(other, errors),
        None => Err(None),
    }
}

fn parse_struct(item: ItemStruct, errors: &mut Errors) -> Result<ItemStruct, Option<TokenStream>> {
    let ident = &item.ident;
    if let Fields::Unnamed(_) = item.fields {
        errors.at(ident, format_args!(
            "a session guard has named fields, by which it finds them in the session\nwrite: `struct {ident} {{ username: String, .. }}`"
        ));
        return Err(None);
    }
    Ok(item)
}

fn refuse(at: impl ToTokens, errors: &mut Errors) -> Result<ItemStruct, Option<TokenStream>> {
    errors.at(at, "a session guard must be a struct");
    Err(None)
}
