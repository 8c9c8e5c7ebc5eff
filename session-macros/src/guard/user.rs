//! `#[session(user)]` at a field of a guard.

use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Ident, ItemStruct, Token};

use crate::errors::Errors;
use crate::options::{Options, Written};
use crate::syntax::name_of;

/// A field that holds the user of the state.
pub(super) struct UserField {
    pub(super) field: Ident,
    /// The word `user`, where it is written.
    pub(super) word: Ident,
}

#[derive(Clone, Copy)]
enum FieldOption {
    User,
}

const OPTIONS: Options<FieldOption> = Options {
    kind: "option of a guard's field",
    known: &[("user", FieldOption::User)],
    elsewhere: &[
        ("login", "#[session(login)]` at the field of the state"),
        ("key", "#[session(key = \"..\")]` at the field of the state"),
        ("default", "#[session(default = ..)]` at the field of the state"),
        ("merge", "#[session(merge = \"..\")]` at the field of the state"),
    ],
};

/// Takes the attribute from the fields. More than one field with it is a mistake, and is filled all the same.
pub(super) fn take(item: &mut ItemStruct, errors: &mut Errors) -> Vec<UserField> {
    let mut users: Vec<UserField> = Vec::new();
    for Field { attrs, ident, .. } in &mut item.fields {
        let Some(field) = ident else { continue };
        let (ours, others) = attrs.drain(..).partition::<Vec<_>, _>(|attr| name_of(attr.path()) == "session");
        *attrs = others;
        let Some(word) = read(&ours, errors) else { continue };
        if let Some(first) = users.first() {
            let first = first.field.unraw();
            errors.at(&word, format_args!("`{first}` is the user already; leave `user` out here"));
        }
        users.push(UserField { field: field.clone(), word });
    }
    users
}

fn read(attrs: &[Attribute], errors: &mut Errors) -> Option<Ident> {
    let (mut user, mut seen) = (None, Vec::new());
    for attr in attrs {
        let written = attr.parse_args_with(Punctuated::<Written, Token![,]>::parse_terminated);
        for option in errors.accept(written).into_iter().flatten() {
            match OPTIONS.recognize(&option, &mut seen, errors) {
                Some(FieldOption::User) => match &option.value {
                    None => user = Some(option.name),
                    Some(value) => errors.at(value, "`user` takes no value here: `#[session(user)]`"),
                },
                None => {}
            }
        }
    }
    user
}
