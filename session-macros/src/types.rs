//! What a written type says of itself. Aliases are not seen through: what matters is checked again
//! by traits, in the generated code.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The `T` of a type written `Option<T>`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    arguments(ty, "Option")?.next()
}

/// The `T`, and the error if there is one, of a type written `Result<T, ..>`.
pub(crate) fn fallible(ty: &Type) -> Option<(&Type, Option<&Type>)> {
    let mut arguments = arguments(ty, "Result")?;
    Some((arguments.next()?, arguments.next()))
}

/// Whether the type is written `name`, however it is reached.
pub(crate) fn names(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
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

fn arguments<'a>(ty: &'a Type, name: &str) -> Option<impl Iterator<Item = &'a Type>> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    Some(arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }))
}
