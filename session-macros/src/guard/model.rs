//! A guard as its options describe it.

use syn::{Attribute, Field, Fields, Generics, Ident, ItemStruct, Path, Type, Visibility};

use crate::attributes::take_derives;
use crate::errors::Errors;
use crate::guard::parse::Options;

/// A guard: a struct that is filled from the state of what it builds upon.
pub(super) struct Guard {
    pub(super) derives: Vec<Path>,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) base: Type,
    pub(super) fields: Vec<Required>,
}

/// A field, as it was declared and as it will be.
pub(super) struct Required {
    pub(super) field: Field,
    pub(super) ident: Ident,
    /// Whether it can be looked up in the state: otherwise an error has been reported already.
    pub(super) known: bool,
}

/// Reads all options. What can't be read is reported and left out.
pub(super) fn read(options: Options, item: ItemStruct, errors: &mut Errors) -> Guard {
    for option in &options.written {
        errors.at(option, format_args!(
            "unknown guard option `{}`\n`#[require_session(Visit)]` takes what the guard builds upon and nothing else",
            option.name
        ));
    }
    let ItemStruct { mut attrs, vis, ident, generics, fields, .. } = item;
    let fields = match fields {
        Fields::Named(fields) => fields.named.into_iter().filter_map(required).collect(),
        Fields::Unnamed(_) | Fields::Unit => Vec::new(),
    };
    let derives = take_derives(&mut attrs, errors);
    Guard { derives, attrs, vis, ident, generics, base: options.base, fields }
}

fn required(field: Field) -> Option<Required> {
    let ident = field.ident.clone()?;
    Some(Required { field, ident, known: true })
}
