//! A state as its options describe it.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote_spanned};
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Ident, ItemStruct, LitStr, Meta, Path, Token, Type, Visibility};

use crate::document;
use crate::errors::Errors;
use crate::options::{Options, Written, did_you_mean, listed, string_of, ungrouped};
use crate::syntax::{borrows, cfgs, fallible, is_a_path, is_named, name_of, optional, take_derives};

/// The options in `#[session_state(..)]`.
#[derive(Clone, Copy)]
enum StateOption {
    User,
}

const STATE_OPTIONS: Options<StateOption> = Options {
    kind: "option of a state",
    known: &[("user", StateOption::User)],
    elsewhere: &[
        ("login", "#[session(login)]` at the field"),
        ("listed", "#[session(login, listed)]` at the login field"),
        ("key", "#[session(key = \"..\")]` at the field"),
        ("default", "#[session(default = ..)]` at the field"),
        ("merge", "#[session(merge = \"..\")]` at the field"),
        ("stamp", "fn stamp(&self) -> impl AsRef<[u8]>` in `impl SessionUser`"),
    ],
};

/// The options in `#[session(..)]`.
#[derive(Clone, Copy)]
enum FieldOption {
    Login,
    Listed,
    Key,
    Default,
    Merge,
}

const OPTIONS: Options<FieldOption> = Options {
    kind: "session option",
    known: &[
        ("login", FieldOption::Login),
        ("listed", FieldOption::Listed),
        ("key", FieldOption::Key),
        ("default", FieldOption::Default),
        ("merge", FieldOption::Merge),
    ],
    elsewhere: &[
        ("rename", "key = \"..\""),
        ("name", "key = \"..\""),
        ("user", "#[session_state(user = User)]` above the struct"),
    ],
};

const POLICIES: [&str; 6] = ["last", "add", "max", "min", "union", "refuse"];

/// A state: a handle with a name and the fields that it gives access to.
pub(super) struct State {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    /// The user whose id the login field holds.
    pub(super) user: Option<Type>,
    /// `Serialize`, as it was derived.
    pub(super) serialize: Option<Path>,
    /// `OpenApiFromRequest`, as it was derived.
    pub(super) documented: Option<Path>,
    pub(super) fields: Vec<Field>,
}

/// One field and its options.
pub(super) struct Field {
    /// Documentation and whatever else belongs to the getter alone.
    pub(super) docs: Vec<Attribute>,
    /// Lint levels and deprecation: they belong to every accessor.
    pub(super) attrs: Vec<Attribute>,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) shape: Shape,
    /// The key in the stored session, where it was written.
    pub(super) key: LitStr,
    /// The word `login`, where it is written.
    pub(super) login: Option<Ident>,
    /// The word `listed`, where it is written.
    pub(super) listed: Option<Ident>,
    pub(super) default: Option<Expr>,
    /// The function that merges two changes; without one, the last change wins.
    pub(super) merge: Option<TokenStream>,
    /// The name of that function, where it is one of the library's.
    pub(super) policy: Option<LitStr>,
}

/// The form in which the type was declared.
pub(super) enum Shape {
    Plain,
    /// `Option<T>`; holds `T`.
    Optional(Type),
    /// `Result<T, FieldError>`; holds `T`.
    Fallible(Type),
}

impl Field {
    /// The type of the stored value.
    pub(super) fn item(&self) -> &Type {
        match &self.shape {
            Shape::Plain => &self.ty,
            Shape::Optional(item) | Shape::Fallible(item) => item,
        }
    }
}

/// Reads all options. What can't be read is reported and left out.
pub(super) fn read(options: &[Written], item: ItemStruct, errors: &mut Errors) -> State {
    let ItemStruct { mut attrs, vis, ident, fields, .. } = item;
    let (mut user, mut seen) = (None, Vec::new());
    for option in options {
        match STATE_OPTIONS.recognize(option, &mut seen, errors) {
            Some(StateOption::User) => user = read_user(option, errors),
            None => {}
        }
    }
    let (mut serialize, mut documented) = (None, None);
    for path in take_derives(&mut attrs, errors) {
        match name_of(&path).as_str() {
            // The handle has them.
            "Clone" | "Debug" => {}
            "Serialize" => serialize = Some(path),
            _ if document::is_derive(&path) => documented = Some(path),
            other => errors.at(path, format_args!(
                "`{other}` can't be derived for session state: `{ident}` becomes a handle to the visitor's session, it holds no values\nleave it out"
            )),
        }
    }
    let fields = fields.into_iter().filter_map(|field| read_field(field, errors)).collect();
    State { attrs, vis, ident, user, serialize, documented, fields }
}

fn read_user(option: &Written, errors: &mut Errors) -> Option<Type> {
    let value = option.value("user = User", errors)?;
    let user = syn::parse2(ungrouped(value).to_token_stream()).ok();
    let user = user.filter(|user| is_a_path(user) && !is_around_a_user(user));
    if user.is_none() {
        errors.at(value, "`user` takes the type of the user itself: `user = User`");
    }
    user
}

fn is_around_a_user(ty: &Type) -> bool {
    ["Option", "Arc", "Box", "Result", "Vec"].iter().any(|name| is_named(ty, name))
}

fn read_field(field: syn::Field, errors: &mut Errors) -> Option<Field> {
    let syn::Field { attrs, vis, ident: Some(ident), ty, .. } = field else { return None };
    if borrows(&ty) {
        errors.at(
            &ty,
            "a session field can't borrow: it outlives the request\nown the value, for example with `String`",
        );
        return None;
    }
    if let Some(error) = fallible(&ty).and_then(|(_, error)| error)
        && !is_named(error, "FieldError")
    {
        errors.at(error, "the error of a session field declared as `Result` is `FieldError`");
        return None;
    }
    let shape = match (optional(&ty), fallible(&ty)) {
        (Some(item), _) => Shape::Optional(item.clone()),
        (_, Some((item, _))) => Shape::Fallible(item.clone()),
        _ => Shape::Plain,
    };
    let mut field = Field {
        docs: Vec::new(),
        attrs: Vec::new(),
        cfgs: cfgs(&attrs),
        key: LitStr::new(&ident.unraw().to_string(), ident.span()),
        vis,
        ident,
        ty,
        shape,
        login: None,
        listed: None,
        default: None,
        merge: None,
        policy: None,
    };
    let mut seen = Vec::new();
    for attr in attrs {
        match name_of(attr.path()).as_str() {
            "session" => {
                for option in written(&attr, errors) {
                    read_option(&option, &mut field, &mut seen, errors);
                }
            }
            "cfg" => {}
            "doc" | "cfg_attr" => field.docs.push(attr),
            "deprecated" | "allow" | "expect" | "warn" | "deny" | "forbid" => field.attrs.push(attr),
            other => errors.at(
                attr.path(),
                format_args!(
                    "`#[{other}]` does nothing for a session field: it becomes accessors\n\
                 leave it out; how a value is stored is the business of its type"
                ),
            ),
        }
    }
    Some(field)
}

fn written(attr: &Attribute, errors: &mut Errors) -> Vec<Written> {
    if let Meta::Path(path) = &attr.meta {
        errors.at(path, format_args!("`#[session]` needs an option; the options are: {}", OPTIONS.listed()));
        return Vec::new();
    }
    let options = attr.parse_args_with(Punctuated::<Written, Token![,]>::parse_terminated);
    errors.accept(options).into_iter().flatten().collect()
}

fn read_option(option: &Written, field: &mut Field, seen: &mut Vec<Ident>, errors: &mut Errors) {
    match OPTIONS.recognize(option, seen, errors) {
        Some(FieldOption::Login) => match &option.value {
            None => field.login = Some(option.name.clone()),
            Some(value) => errors.at(value, "`login` takes no value: `#[session(login)]`"),
        },
        Some(FieldOption::Listed) => match &option.value {
            None => field.listed = Some(option.name.clone()),
            Some(value) => errors.at(value, "`listed` takes no value: `#[session(login, listed)]`"),
        },
        Some(FieldOption::Key) => match option.string("key = \"colour\"", errors) {
            Some(key) if key.value().is_empty() => {
                errors.at(key, "a session key can't be empty\nleave `key` out to use the field's name")
            }
            Some(key) => field.key = key,
            None => {}
        },
        Some(FieldOption::Default) => field.default = option.value("default = 0", errors).cloned(),
        Some(FieldOption::Merge) => {
            if let Some(value) = option.value("merge = \"add\"", errors) {
                field.merge = read_merge(value, field.item(), errors);
                field.policy = field.merge.as_ref().and_then(|_| string_of(value));
            }
        }
        None => {}
    }
}

fn read_merge(value: &Expr, item: &Type, errors: &mut Errors) -> Option<TokenStream> {
    if let Expr::Path(path) = ungrouped(value) {
        return Some(path.to_token_stream());
    }
    let Some(policy) = string_of(value) else {
        errors.at(value, "`merge` takes the name of a policy, `merge = \"add\"`, or the path of a function");
        return None;
    };
    match policy.value().as_str() {
        "last" => None,
        known if POLICIES.contains(&known) => {
            let policy = Ident::new(known, policy.span());
            Some(quote_spanned!(item.span()=> __private::#policy::<#item>))
        }
        unknown => {
            let near = did_you_mean(unknown, &POLICIES);
            let policies = listed(&POLICIES);
            errors.at(&policy, format_args!(
                "unknown merge policy `{unknown}`{near}\nthe policies are: {policies}; or name a function: `merge = path::to::function`"
            ));
            None
        }
    }
}
