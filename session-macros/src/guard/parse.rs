//! The form of the item and of the attribute's arguments.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Fields, Ident, Item, Token, Type};

use crate::errors::Errors;
use crate::options::Written;
use crate::syntax::place;

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

/// Returns a struct or a function; `None` for an item of another form: the compiler then stays quiet about
/// its uses.
pub(super) fn parse_item(item: TokenStream, errors: &mut Errors) -> Option<Item> {
    let item = errors.accept(syn::parse2(item))?;
    match &item {
        Item::Struct(item) if matches!(item.fields, Fields::Unnamed(_)) => {
            let ident = &item.ident;
            errors.at(ident, format_args!(
                "a session guard has named fields, by which it finds them in the session\nwrite: `struct {ident} {{ username: String, .. }}`"
            ));
            None
        }
        Item::Struct(_) | Item::Fn(_) => Some(item),
        other => {
            errors.at(
                place(other),
                "`#[require_session]` belongs above a struct, which becomes a guard, or above a handler",
            );
            None
        }
    }
}
