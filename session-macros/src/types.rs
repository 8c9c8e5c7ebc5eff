//! What a written type says of itself. Aliases are not seen through: what matters is checked again
//! by traits, in the generated code.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The `T` of a type written `Option<T>`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    first_argument(last_segment(ty)?, "Option")
}

/// The `T` of a type written `Result<T, ..>`.
pub(crate) fn fallible(ty: &Type) -> Option<&Type> {
    first_argument(last_segment(ty)?, "Result")
}

/// Whether the type is written `String`.
pub(crate) fn is_string(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "String")
}

/// Whether the type borrows: a session field outlives every request.
pub(crate) fn borrows(ty: &Type) -> bool {
    borrows_in(ty.to_token_stream())
}

fn borrows_in(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => return true,
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match tokens.next() {
                Some(TokenTree::Ident(name)) if name == "static" => {}
                _ => return true,
            },
            TokenTree::Group(group) if borrows_in(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

/// A type that a `macro_rules!` macro has passed on stands in an invisible group.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

fn first_argument<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) if segment.ident == name => match arguments.args.first() {
            Some(GenericArgument::Type(ty)) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}
