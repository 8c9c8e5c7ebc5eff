//! Questions about attributes and types, and the names that generated code has.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, GenericArgument, Ident, Item, ItemEnum, ItemStruct, ItemUnion, Path, PathArguments,
    PathSegment, Token, Type,
};

use crate::errors::Errors;

/// The verbs of the accessors that a field `x` has beside its getter: `set_x`, `update_x`, `take_x`.
const VERBS: [&str; 3] = ["set", "update", "take"];

/// The names of these accessors, with the place of the field.
pub(crate) fn accessors(field: &Ident) -> [Ident; VERBS.len()] {
    let name = field.unraw();
    VERBS.map(|verb| format_ident!("{verb}_{name}", span = field.span()))
}

/// Returns the tokens that an error about the form of an item underlines: its name, where that says enough.
pub(crate) fn place(item: &Item) -> TokenStream {
    match item {
        Item::Struct(ItemStruct { ident, .. })
        | Item::Enum(ItemEnum { ident, .. })
        | Item::Union(ItemUnion { ident, .. }) => ident.to_token_stream(),
        other => other.to_token_stream(),
    }
}

/// Removes the derives from `attrs` and returns what they name.
pub(crate) fn take_derives(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<Path> {
    let (derives, others) = attrs.drain(..).partition::<Vec<_>, _>(|attr| attr.path().is_ident("derive"));
    *attrs = others;
    let parser = Punctuated::<Path, Token![,]>::parse_terminated;
    derives.iter().filter_map(|attr| errors.accept(attr.parse_args_with(parser))).flatten().collect()
}

/// The attributes that decide whether a field exists: they go to everything that is made of it.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

/// The name of a derive or an attribute, without the path to it.
pub(crate) fn name_of(path: &Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// The `T` of a type written `Option<T>`.
///
/// Like the other questions about a type, it looks at what is written and not through aliases: what
/// matters is checked again by traits, in the generated code.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    arguments(ty, "Option")?.next()
}

/// The `T`, and the error if there is one, of a type written `Result<T, ..>`.
pub(crate) fn fallible(ty: &Type) -> Option<(&Type, Option<&Type>)> {
    let mut arguments = arguments(ty, "Result")?;
    Some((arguments.next()?, arguments.next()))
}

/// Returns `true` if the type is written `name`, with whatever path before it.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// Returns `true` if the type is written as a path, as names of types are.
pub(crate) fn is_a_path(ty: &Type) -> bool {
    last_segment(ty).is_some()
}

/// Returns `true` if the type borrows: a session field outlives every request.
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

/// A type that a `macro_rules!` macro has passed on is in an invisible group.
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
