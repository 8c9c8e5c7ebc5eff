//! Attributes of the item and its fields that the macros look at.

use syn::punctuated::Punctuated;
use syn::{Attribute, Path, Token};

use crate::errors::Errors;

/// Takes the derives away from `attrs`.
pub(crate) fn take_derives(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<Path> {
    let (derives, others) = attrs.drain(..).partition::<Vec<_>, _>(|attr| attr.path().is_ident("derive"));
    *attrs = others;
    let parser = Punctuated::<Path, Token![,]>::parse_terminated;
    derives.iter().filter_map(|attr| errors.accept(attr.parse_args_with(parser))).flatten().collect()
}

/// The attributes that decide whether a field is there at all: they go to everything made of it.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

/// The name by which a derive or an attribute is known, without the way to it.
pub(crate) fn name_of(path: &Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}
