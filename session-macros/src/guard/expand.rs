//! The code of a guard. It holds no logic: fields are read from the state by their names, and what they
//! give is judged by its type.
//!
//! The compiler prints equal errors once if they have one place: everything that depends on the base
//! has the place of the base, everything that depends on a field's type has the place of that type.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use crate::guard::model::{Fresh, Guard, Login, Required};
use crate::syntax::{cfgs, library, name_of, private, private_at};

/// The variable that `build` reads fields from.
const SESSION: &str = "__session";

/// The struct with its proof, and in an anonymous constant all that is implemented for it.
pub(super) fn expand(guard: &Guard) -> TokenStream {
    let (library, private) = (library(), private());
    let Guard { derives, attrs, vis, ident, fields, .. } = guard;
    // Serialized, a guard is its fields.
    let skipped = derives.iter().any(|path| name_of(path) == "Serialize").then(|| quote!(#[serde(skip)]));
    let derives = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
    let proof = proof();
    let fields = fields.iter().map(|required| &required.field);
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
            #proof: #library::Proof<#ident>,
        }

        const _: () = {
            use #library;
            #[allow(unused_imports)]
            use #private::PlainFieldAccess as _;

            #definition
            #request_guard
            #mounting
        };
    }
}

fn expand_definition(guard: &Guard) -> TokenStream {
    let Guard { ident, base, fields, .. } = guard;
    let at = base.span();
    let private = private_at(at);
    let proof = proof();
    let session = Ident::new(SESSION, at);
    let inits = fields.iter().map(|required| expand_field(required, at));
    let names = fields.iter().filter(|required| required.known).map(|Required { field, ident, .. }| {
        let cfgs = cfgs(&field.attrs);
        let name = ident.unraw().to_string();
        quote!(#(#cfgs)* #name)
    });
    let options = expand_options(guard);
    quote_spanned! {at=>
        #[automatically_derived]
        impl #private::GuardDef for #ident {
            type Base = #base;
            type State = <Self::Base as #private::SessionGuard>::State;
            const FIELDS: &'static [&'static str] = &[#(#names),*];
            #options

            fn base<'r>(request: &'r #private::Request<'_>) -> #private::Fut<'r, Self::Base> {
                ::std::boxed::Box::pin(<Self::Base as #private::SessionGuard>::authorize(request))
            }

            #[allow(unused_variables)]
            fn build(__parts: #private::Parts<Self>) -> ::core::result::Result<Self, #private::SessionError> {
                let #session = #private::session_of(&__parts);
                ::core::result::Result::Ok(#ident { #(#inits,)* #proof: __parts.proof })
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #private::SessionGuard for #ident {
            type State = <Self as #private::GuardDef>::State;
            const REQUIRES: bool = true;
            const LOGIN: ::core::option::Option<#private::LoginTarget> = #private::login(
                <Self as #private::GuardDef>::LOGIN,
                <<Self as #private::GuardDef>::Base as #private::SessionGuard>::LOGIN,
            );
            const FRESH: ::core::option::Option<::core::time::Duration> = #private::freshness(
                <Self as #private::GuardDef>::FRESH,
                <<Self as #private::GuardDef>::Base as #private::SessionGuard>::FRESH,
            );

            fn authorize(
                request: &#private::Request<'_>,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<Self, #private::SessionError>>
            + ::core::marker::Send {
                #private::authorize(request)
            }
        }

        #[automatically_derived]
        impl ::core::ops::Deref for #ident {
            type Target = <Self as #private::GuardDef>::Base;

            fn deref(&self) -> &Self::Target {
                self.#proof.base()
            }
        }

        const _: () = #private::requires_something::<#private::Requirement<{
            #private::requires::<#ident>(<<#ident as #private::GuardDef>::Base as #private::SessionGuard>::REQUIRES)
        }>>();
    }
}

fn expand_options(guard: &Guard) -> TokenStream {
    let private = private_at(guard.base.span());
    let proof = proof();
    let login = guard.login.as_ref().map(|login| {
        let target = match login {
            Login::Path(path) => quote!(#private::LoginTarget::Path(#path)),
            Login::Route(function) => quote! {{
                const PAGE: fn(#private::Next) -> #private::Origin<'static> = #function;
                #private::LoginTarget::Route(PAGE)
            }},
        };
        quote! {
            const LOGIN: ::core::option::Option<#private::LoginTarget> = ::core::option::Option::Some(#target);
        }
    });
    let fresh = guard.fresh.as_ref().map(|Fresh { text, millis }| {
        let at = text.span();
        let private = private_at(at);
        let fresh = quote_spanned!(at=> #private::fresh::<<Self as #private::GuardDef>::State>(#millis));
        quote!(const FRESH: ::core::option::Option<::core::time::Duration> = #fresh;)
    });
    let check = guard.check.as_ref().map(|check| {
        quote! {
            fn check<'r>(&'r self, request: &'r #private::Request<'_>) -> #private::Fut<'r, bool> {
                #private::check(self, self.#proof.base(), request, #check)
            }
        }
    });
    quote!(#login #fresh #check)
}

/// Only Rocket's own attribute makes a route that has a guard's sentinel.
fn expand_mounting(guard: &Guard) -> TokenStream {
    let private = private();
    let Guard { vis, ident, .. } = guard;
    quote! {
        #[#private::rocket::get("/<_..>")]
        fn __carrier(_guard: #ident) {}

        #[allow(dead_code)]
        impl #ident {
            /// Routes that close the prefix at which they are mounted to everybody else, whatever is mounted
            /// there or reaches below it from elsewhere.
            #[must_use]
            #vis fn gate() -> ::std::vec::Vec<#private::Route> {
                #private::gate::<Self>(#private::routes![__carrier])
            }

            /// The same routes, each with this guard in front of it.
            #[must_use]
            #vis fn required(
                routes: impl ::core::convert::Into<::std::vec::Vec<#private::Route>>,
            ) -> ::std::vec::Vec<#private::Route> {
                #private::required::<Self>(routes, #private::routes![__carrier])
            }
        }
    }
}

/// Reads the field of the same name of the state. The name has the place of the guard's field, so that
/// the compiler lists the fields that there are, or suggests one, at that place.
fn expand_field(required: &Required, at: Span) -> TokenStream {
    let Required { field, ident, known } = required;
    let cfgs = cfgs(&field.attrs);
    let private = private_at(field.ty.span());
    if !known {
        return quote!(#(#cfgs)* #ident: #private::unknown_field()?);
    }
    let session = Ident::new(SESSION, at);
    let name = quote_spanned!(at=> |__fields: __private::FieldsOf<Self>| __fields.#ident);
    let read = quote_spanned!(field.ty.span()=> #private::read_field(#name, #session));
    quote_spanned!(field.ty.span()=> #(#cfgs)* #ident: #private::fill(#read.take()?))
}

/// The field that a guard holds beside its own. Its name is what the compiler says to whoever builds a
/// guard by hand: "missing field `__proof_of_a_request`".
fn proof() -> Ident {
    format_ident!("__proof_of_a_request")
}

/// The implementations that make a state or a guard an argument of a handler.
pub(crate) fn expand_request_guard(ident: &Ident) -> TokenStream {
    let private = private();
    let request = Ident::new("request", Span::mixed_site());
    quote! {
        #[automatically_derived]
        #[#private::async_trait]
        impl<'r> #private::FromRequest<'r> for #ident {
            type Error = #private::SessionError;

            async fn from_request(
                #request: &'r #private::Request<'_>,
            ) -> #private::Outcome<Self, Self::Error> {
                #private::enter(#request).await
            }
        }

        #[automatically_derived]
        impl #private::Sentinel for #ident {
            fn abort(rocket: &#private::Rocket<#private::Ignite>) -> bool {
                #private::abort::<Self>(rocket)
            }
        }
    }
}
