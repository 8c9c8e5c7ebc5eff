//! `#[session(user)]` at a field of a guard.

use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Ident, ItemStruct, Meta, Token, Type};

use crate::errors::Errors;
use crate::options::{Options, Written};
use crate::syntax::{cfgs, name_of};

/// A field with an attribute: it holds the user of the state.
pub(super) struct UserField {
    pub(super) field: Ident,
    /// What decides whether there is the field.
    pub(super) cfgs: Vec<Attribute>,
    /// The word `user`, where it is written; `None` if the attribute is a mistake.
    pub(super) word: Option<Ident>,
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

/// Takes the attribute from the fields. More than one field with it is a mistake, unless `cfg` chooses between them, and is
/// filled all the same.
pub(super) fn take(item: &mut ItemStruct, errors: &mut Errors) -> Vec<UserField> {
    let mut users: Vec<UserField> = Vec::new();
    for Field { attrs, ident, ty, .. } in &mut item.fields {
        let Some(field) = ident else { continue };
        let (ours, others) = attrs.drain(..).partition::<Vec<_>, _>(|attr| name_of(attr.path()) == "session");
        *attrs = others;
        let cfgs = cfgs(attrs);
        let word = read(&ours, errors);
        let first = users.iter().find(|user| user.word.is_some() && user.cfgs.is_empty());
        if let (Some(word), Some(first)) = (&word, first) {
            let first = first.field.unraw();
            errors.at(word, format_args!("`{first}` is the user already; leave `user` out here"));
        }
        if word.is_some() && matches!(ty, Type::Reference(_)) {
            let field = field.unraw();
            errors.at(&*ty, format_args!("a guard can't borrow the user: it owns what it has proved\nwrite: `{field}: User`, or `{field}: Arc<User>`"));
        }
        if !ours.is_empty() {
            users.push(UserField { field: field.clone(), cfgs, word });
        }
    }
    users
}

fn read(attrs: &[Attribute], errors: &mut Errors) -> Option<Ident> {
    let (mut user, mut seen) = (None, Vec::new());
    for attr in attrs {
        let written = match &attr.meta {
            Meta::List(_) => attr.parse_args_with(Punctuated::<Written, Token![,]>::parse_terminated),
            _ => Ok(Punctuated::new()),
        };
        let Some(written) = errors.accept(written) else { continue };
        if written.is_empty() {
            errors.at(attr.path(), "`#[session]` needs an option\nwrite: `#[session(user)]`");
        }
        for option in written {
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
