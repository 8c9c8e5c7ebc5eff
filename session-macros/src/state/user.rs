//! The code of a state's user: logging in, and how the user is found.
//!
//! Everything that depends on the user has the place of its type, so that a mistake there is one error.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Path, Type};

use crate::state::model::{Field, State};

/// The code that a state has for its user, or for having none.
pub(super) struct Expanded {
    /// Items of `SessionState`.
    pub(super) in_state: TokenStream,
    /// What else is implemented for a state with a user.
    pub(super) implementation: TokenStream,
    /// The method `log_in`.
    pub(super) log_in: TokenStream,
}

pub(super) fn expand(state: &State, fields: &[(Ident, &Field)]) -> Expanded {
    let login = fields.iter().find(|(_, field)| field.login.is_some());
    match (&state.user, login) {
        (Some(user), Some((marker, field))) => with_user(state, user, marker, &field.ty),
        (_, login) => Expanded {
            in_state: quote!(
                type User = __private::NoUser;
            ),
            implementation: TokenStream::new(),
            log_in: login.map_or_else(TokenStream::new, |_| refused(state)),
        },
    }
}

fn with_user(state: &State, user: &Path, marker: &Ident, declared: &Type) -> Expanded {
    let (vis, ident) = (&state.vis, &state.ident);
    let (at, at_field) = (user.span(), declared.span());
    // `self` keeps the place of its function, which is another one where a `macro_rules!` macro names the field.
    let user_id = quote_spanned!(at_field=> __private::user_id::<#user, #declared>);
    let user_id = quote_spanned!(at=> #user_id(__private::get::<#marker>(&self.__session)));
    let in_state = quote_spanned! {at=>
        type User = #user;

        fn user<'s, 'r: 's>(
            &'s self,
            request: &'r __private::Request<'_>,
        ) -> __private::Fut<'s, &'r ::std::sync::Arc<#user>> {
            __private::find(self, request)
        }

        fn misses_source(rocket: &__private::Rocket<__private::Ignite>) -> bool {
            <Self as __private::HasUser>::misses_source(rocket)
        }
    };
    let implementation = quote_spanned! {at=>
        #[automatically_derived]
        impl __private::HasUser for #ident {
            fn user_id(&self) -> ::core::option::Option<<#user as __private::SessionUser>::Id> {
                #user_id
            }

            fn source<'r>(
                request: &'r __private::Request<'_>,
            ) -> __private::Fut<'r, <#user as __private::SessionUser>::Source<'r>> {
                __private::source(request)
            }

            fn misses_source(rocket: &__private::Rocket<__private::Ignite>) -> bool {
                #[allow(unused_imports)]
                use __private::rocket::sentinel::resolution::{DefaultSentinel as _, Resolve};
                Resolve::<<#user as __private::SessionUser>::Source<'static>>::abort(rocket)
            }
        }
    };
    let log_in = quote_spanned! {at=>
        /// Logs the user in: sets the login field to the user's id, gives the session a new id, and binds the login to
        /// the user's stamp.
        #vis fn log_in(&self, user: &#user) {
            __private::log_in::<#marker, #user>(&self.__session, user);
        }
    };
    Expanded { in_state, implementation, log_in }
}

/// Says what is missing to whoever wants to log a user in.
fn refused(state: &State) -> TokenStream {
    let (vis, ident) = (&state.vis, &state.ident);
    let user = format_ident!("__User");
    quote! {
        #[doc(hidden)]
        #vis fn log_in<#user: __private::UserOf<#ident>>(&self, user: &#user) {
            let _ = user;
        }
    }
}
