//! The code of a guard. It holds no logic: fields are read from the state by their names, and what they
//! give is judged by its type.
//!
//! The compiler prints equal errors once if they have one place: everything that depends on the base
//! has the place of the base, everything that depends on a field's type has the place of that type.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Field, Ident, ItemStruct, Path, Type};

use crate::document;
use crate::guard::login::is_url;
use crate::guard::model::Guard;
use crate::guard::user::UserField;
use crate::options::string_of;
use crate::syntax::{cfgs, name_of, optional};

/// The variable that `build` reads fields from.
const SESSION: &str = "__session";

/// The struct with its proof, and in an anonymous constant all that is implemented for it.
pub(super) fn expand(guard: &Guard) -> TokenStream {
    let Guard { item: ItemStruct { attrs, vis, ident, fields, .. }, derives, .. } = guard;
    let (documented, derives): (Vec<_>, Vec<_>) = derives.iter().partition(|path| document::is_derive(path));
    let documented = documented.first().map(|path| expand_document(guard, path));
    // Serialized, a guard is its fields.
    let skipped = derives.iter().any(|path| name_of(path) == "Serialize").then(|| quote!(#[serde(skip)]));
    let derives = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
    let (proof, fields) = (proof(), fields.iter());
    let definition = expand_definition(guard);
    let mounting = expand_mounting(guard);
    let request_guard = expand_request_guard(ident);
    quote! {
        #derives
        #(#attrs)*
        #vis struct #ident {
            #(#fields,)*
            #[doc(hidden)]
            #skipped
            #proof: ::rocket_session_state::__private::Proof<#ident>,
        }

        const _: () = {
            // Everything that generated code needs, also of Rocket: a short path, since each token costs time.
            use ::rocket_session_state::__private;
            #[allow(unused_imports)]
            use __private::PlainField as _;

            #definition
            #request_guard
            #mounting
            #documented
        };
    }
}

fn expand_definition(guard: &Guard) -> TokenStream {
    let Guard { item: ItemStruct { ident, fields, .. }, base, .. } = guard;
    let at = base.span();
    let proof = proof();
    let session = Ident::new(SESSION, at);
    let users = guard.users.iter().filter(|user| user.word.is_some());
    let users: Vec<_> = users.map(|UserField { cfgs, .. }| quote!(#(#cfgs)* true)).collect();
    let user = (!users.is_empty()).then(|| {
        quote!(
            const USER: bool = !<[bool]>::is_empty(&[#(#users),*]);
        )
    });
    let inits = fields.iter().map(|field| match guard.user_of(field) {
        Some(user) => expand_user_field(guard, user, field),
        None => expand_field(guard, field),
    });
    let from_session = fields.iter().filter(|field| guard.user_of(field).is_none());
    let requirements = from_session.filter_map(|field| expand_requirement(guard, field));
    let options = expand_options(guard);
    quote_spanned! {at=>
        #[automatically_derived]
        impl __private::GuardDef for #ident {
            type Base = #base;
            type State = <Self::Base as __private::SessionGuard>::State;
            #options
            #user

            fn base<'r>(request: &'r __private::Request<'_>) -> __private::Fut<'r, Self::Base> {
                ::std::boxed::Box::pin(<Self::Base as __private::SessionGuard>::authorize(request))
            }

            #[allow(unused_variables)]
            fn build(
                __parts: __private::Parts<Self>,
                __request: &__private::Request<'_>,
            ) -> ::core::result::Result<Self, __private::SessionError> {
                let #session = __private::session_of(&__parts);
                ::core::result::Result::Ok(#ident { #(#inits,)* #proof: __parts.proof })
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl __private::SessionGuard for #ident {
            type State = <Self as __private::GuardDef>::State;
            const REQUIRES: bool = true;
            const LOGIN: ::core::option::Option<__private::LoginTarget> = __private::login(
                <Self as __private::GuardDef>::LOGIN,
                <<Self as __private::GuardDef>::Base as __private::SessionGuard>::LOGIN,
            );
            const FRESH: ::core::option::Option<::core::time::Duration> = __private::freshness(
                <Self as __private::GuardDef>::FRESH,
                <<Self as __private::GuardDef>::Base as __private::SessionGuard>::FRESH,
            );

            fn authorize(
                request: &__private::Request<'_>,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<Self, __private::SessionError>>
            + ::core::marker::Send {
                __private::authorize(request)
            }
        }

        #[automatically_derived]
        impl ::core::ops::Deref for #ident {
            type Target = <Self as __private::GuardDef>::Base;

            fn deref(&self) -> &Self::Target {
                self.#proof.base()
            }
        }

        const _: () = __private::requires_something::<__private::Requirement<{
            let requires = <<#ident as __private::GuardDef>::Base as __private::SessionGuard>::REQUIRES;
            #(#requirements)*
            requires
        }>>();
    }
}

fn expand_options(guard: &Guard) -> TokenStream {
    let proof = proof();
    let login = guard.login.as_ref().map(|login| {
        let target = match string_of(login) {
            Some(url) if is_url(&url.value()) => quote!(__private::LoginTarget::Url(#url)),
            Some(path) => quote!(__private::LoginTarget::Path(#path)),
            None => quote! {{
                const PAGE: fn(__private::Next) -> __private::Origin<'static> = #login;
                __private::LoginTarget::Route(PAGE)
            }},
        };
        quote! {
            const LOGIN: ::core::option::Option<__private::LoginTarget> = ::core::option::Option::Some(#target);
        }
    });
    let fresh = guard.fresh.as_ref().map(|millis| {
        let at = millis.span();
        let fresh = quote_spanned!(at=> __private::fresh::<<Self as __private::GuardDef>::State>(#millis));
        quote!(const FRESH: ::core::option::Option<::core::time::Duration> = #fresh;)
    });
    let check = guard.check.as_ref().map(|check| {
        quote! {
            fn check<'r>(&'r self, request: &'r __private::Request<'_>) -> __private::Fut<'r, __private::Access> {
                __private::check(self, self.#proof.base(), request, #check)
            }
        }
    });
    quote!(#login #fresh #check)
}

/// Only Rocket's own attribute makes a route that has a guard's sentinel.
fn expand_mounting(guard: &Guard) -> TokenStream {
    let ItemStruct { vis, ident, .. } = &guard.item;
    quote! {
        #[__private::rocket::get("/<_..>")]
        fn __carrier(_guard: #ident) {}

        #[allow(dead_code)]
        impl #ident {
            /// Routes that close the prefix at which they are mounted to everybody else, whatever is mounted
            /// there or reaches below it from elsewhere.
            #[must_use]
            #vis fn gate() -> ::std::vec::Vec<__private::Route> {
                __private::gate::<Self>(__private::routes![__carrier])
            }

            /// The same routes, each with this guard in front of it.
            #[must_use]
            #vis fn required(
                routes: impl ::core::convert::Into<::std::vec::Vec<__private::Route>>,
            ) -> ::std::vec::Vec<__private::Route> {
                __private::required::<Self>(routes, __private::routes![__carrier])
            }
        }
    }
}

/// Reads the field of the same name of the state. The name has the place of the guard's field, so that
/// the compiler lists the fields that there are, or suggests one, at that place.
fn expand_field(guard: &Guard, field: &Field) -> TokenStream {
    let Field { attrs, ident, ty, .. } = field;
    let (base, at) = (guard.base.span(), ty.span());
    let cfgs = cfgs(attrs);
    if optional(ty).is_some() {
        return quote!(#(#cfgs)* #ident: __private::unknown_field()?);
    }
    let session = Ident::new(SESSION, base);
    let name = quote_spanned!(base=> |__fields: __private::FieldsOf<Self>| __fields.#ident);
    quote_spanned!(at=> #(#cfgs)* #ident: __private::fill(__private::field(#name).read(#session)?))
}

/// Fills the field with the user, who was found before.
fn expand_user_field(guard: &Guard, user: &UserField, field: &Field) -> TokenStream {
    let Field { attrs, ident, ty, .. } = field;
    let cfgs = cfgs(attrs);
    let Some(word) =
        user.word.as_ref().filter(|_| optional(ty).is_none() && !matches!(ty, Type::Reference(_)))
    else {
        return quote!(#(#cfgs)* #ident: __private::unknown_field()?);
    };
    // The parameters keep the place of their function, which is another one where a `macro_rules!` macro names the field.
    let [parts, request] = ["__parts", "__request"].map(|name| Ident::new(name, guard.base.span()));
    let found = quote_spanned! {word.span()=>
        __private::user_of::<<Self as __private::GuardDef>::State>(&#parts.state, #request)?
    };
    quote_spanned!(ty.span()=> #(#cfgs)* #ident: __private::fill_user(#found))
}

/// Adds what the field requires of a visitor. It names the field as reading it does, at the same places: so
/// a mistake is one error.
fn expand_requirement(guard: &Guard, field: &Field) -> Option<TokenStream> {
    let Guard { item: ItemStruct { ident: guard, .. }, base, .. } = guard;
    let Field { attrs, ident, ty, .. } = field;
    let cfgs = cfgs(attrs);
    optional(ty).is_none().then(|| {
        quote_spanned! {base.span()=>
            #(#cfgs)*
            let requires = requires
                | __private::is_required(|__fields: __private::FieldsOf<#guard>| __fields.#ident.requirement());
        }
    })
}

/// What an OpenAPI document says of the guard: what its base says, and what it requires itself.
fn expand_document(guard: &Guard, derive: &Path) -> TokenStream {
    let Guard { item: ItemStruct { ident, fields, .. }, base, check, .. } = guard;
    let has_check = check.is_some();
    let from_session =
        fields.iter().filter(|field| guard.user_of(field).is_none() && optional(&field.ty).is_none());
    let forbids = from_session.map(|Field { attrs, ident, .. }| {
        let cfgs = cfgs(attrs);
        quote! {
            #(#cfgs)*
            let forbids = forbids
                || __private::is_required(|__fields: __private::FieldsOf<Self>| __fields.#ident.requirement())
                    && !__private::field(|__fields: __private::FieldsOf<Self>| __fields.#ident)
                        .is_login::<<Self as __private::GuardDef>::State>();
        }
    });
    let forbids = quote!({ let forbids = #has_check; #(#forbids)* forbids });
    let base = quote_spanned!(base.span()=> <#base as #derive<'r>>);
    document::expand_guard(derive, ident, &base, &forbids)
}

/// The field that a guard holds beside its own. Its name is what the compiler says to whoever builds a
/// guard by hand: "missing field `__proof_of_a_request`".
fn proof() -> Ident {
    format_ident!("__proof_of_a_request")
}

/// The implementations that make a state or a guard an argument of a handler.
pub(crate) fn expand_request_guard(ident: &Ident) -> TokenStream {
    // As `async_trait` would write it, which is a macro more to run and a future more to check.
    quote! {
        #[automatically_derived]
        impl<'r> __private::FromRequest<'r> for #ident {
            type Error = __private::SessionError;

            fn from_request<'life0, 'async_trait>(
                request: &'r __private::Request<'life0>,
            ) -> __private::Entering<'async_trait, Self>
            where
                'r: 'async_trait,
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                ::std::boxed::Box::pin(__private::enter::<Self>(request))
            }
        }

        #[automatically_derived]
        impl __private::Sentinel for #ident {
            fn abort(rocket: &__private::Rocket<__private::Ignite>) -> bool {
                __private::abort::<Self>(rocket)
            }
        }
    }
}
