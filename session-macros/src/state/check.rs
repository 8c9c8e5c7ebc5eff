//! The rules between a state's fields.

use quote::{ToTokens as _, format_ident};
use syn::Ident;
use syn::ext::IdentExt as _;

use crate::errors::Errors;
use crate::state::model::{Field, Shape, State};
use crate::syntax::accessors;

/// Reports what breaks a rule and takes away what would make the compiler complain of it again.
pub(super) fn check(state: &mut State, errors: &mut Errors) {
    for field in &mut state.fields {
        check_key(field, errors);
        check_default(field, errors);
    }
    check_listed(state, errors);
    check_login(state, errors);
    check_user(state, errors);
    check_duplicate_keys(state, errors);
    check_accessors(state, errors);
}

/// Flask keeps data of its own in the same record, and so does this library.
fn check_key(field: &Field, errors: &mut Errors) {
    let key = field.key.value();
    let owner = match key.as_str() {
        "_permanent" | "_flashes" => "Flask's own",
        "_created_at" | "_lifetime" | "_listed" | "_login_at" | "_stamp" => "this library's own",
        _ => return,
    };
    let message = format!("`{key}` is a key of {owner}; choose another with `#[session(key = \"..\")]`");
    errors.at(&field.key, message);
}

fn check_default(field: &mut Field, errors: &mut Errors) {
    let reason = match field.shape {
        _ if field.login.is_some() => {
            "the login field has no default: every visitor would be logged in\nleave `default` out"
        }
        Shape::Fallible(_) => {
            "a field declared as `Result` has no default: absent, it is `FieldError::Missing`\nleave `default` out, or declare the field without `Result`"
        }
        _ => return,
    };
    if let Some(default) = field.default.take() {
        errors.at(default, reason);
    }
}

/// The sessions of a user are those in which the login field holds the same.
fn check_listed(state: &mut State, errors: &mut Errors) {
    let login = state.fields.iter().find(|field| field.login.is_some()).map(|field| field.ident.clone());
    for field in &mut state.fields {
        if field.login.is_some() {
            continue;
        }
        let Some(listed) = field.listed.take() else { continue };
        let advice = match &login {
            Some(login) => {
                format!("place it at the field `{login}`, `#[session(login, listed)]`, and leave it out here")
            }
            None => "write: `#[session(login, listed)]`".to_owned(),
        };
        errors.at(
            listed,
            format_args!(
                "`listed` lists the sessions of each user, so it belongs to the login field\n{advice}"
            ),
        );
    }
}

fn check_login(state: &mut State, errors: &mut Errors) {
    let mut first = None;
    for field in &mut state.fields {
        let Some(login) = &field.login else { continue };
        if let Some(first) = &first {
            errors.at(login, format_args!("`{first}` is the login field already; leave `login` out here"));
            (field.login, field.listed) = (None, None);
        } else {
            first = Some(field.ident.clone());
            if let Some(cfg) = field.cfgs.first() {
                errors.at(
                    cfg,
                    "the login field can't depend on `cfg`: without it, nobody would have to log in\nleave `cfg` out",
                );
            }
        }
    }
}

/// The login field holds the user's id.
fn check_user(state: &mut State, errors: &mut Errors) {
    if state.fields.iter().any(|field| field.login.is_some()) {
        return;
    }
    if let Some(user) = state.user.take() {
        errors.at(&user, format_args!(
            "a state with a user has a login field, which holds the user's id\nwrite: `#[session(login)] user_id: Option<..>`, with the `Id` of `{}`", user.to_token_stream()
        ));
    }
}

/// Fields under `cfg` may be alternatives to one another.
fn check_duplicate_keys(state: &mut State, errors: &mut Errors) {
    let mut used: Vec<(String, Ident)> = Vec::new();
    state.fields.retain(|field| {
        if !field.cfgs.is_empty() {
            return true;
        }
        let key = field.key.value();
        let Some((_, twin)) = used.iter().find(|(used, _)| *used == key) else {
            used.push((key, field.ident.clone()));
            return true;
        };
        let message = format!("the key `{key}` is used by the field `{twin}` already; choose another: `#[session(key = \"..\")]`");
        errors.at(&field.key, message);
        *twin != field.ident
    });
}

/// A field whose getter would be a method that is there already is left out.
fn check_accessors(state: &mut State, errors: &mut Errors) {
    let mut taken: Vec<_> =
        ["session", "snapshot", "log_in", "log_out"].map(|method| (format_ident!("{method}"), None)).into();
    for field in &state.fields {
        let owner = field.ident.unraw();
        taken.extend(accessors(&field.ident).map(|accessor| (accessor, Some(owner.clone()))));
    }
    state.fields.retain(|field| {
        let ident = field.ident.unraw();
        let Some((method, owner)) = taken.iter().find(|(method, _)| *method == ident) else { return true };
        let whose = owner.as_ref().map_or_else(
            || format!("every state has a method `{method}` already; rename the field"),
            |owner| format!("the field `{owner}` has an accessor `{method}`, so no field can be called that; rename it"),
        );
        errors.at(&field.ident, format_args!("{whose} and keep its key: `#[session(key = \"{method}\")]`"));
        false
    });
}
