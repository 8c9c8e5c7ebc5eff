//! The code of a state's user: logging in, and how the user is found.
//!
//! Everything that depends on the user has the place of its type, so that a mistake there is one error.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Type};

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
        (_, login) => {
            let is_logged_in = login.map(|(marker, Field { ty, .. })| {
                let is_somebody = quote_spanned!(ty.span()=> <#ty as __private::LoginValue>::is_somebody);
                quote!(fn is_logged_in(&self) -> bool {
                    #is_somebody(&__private::get::<#marker>(&self.__session))
                })
            });
            Expanded {
                in_state: quote!(
                    type User = __private::NoUser;

                    #is_logged_in
                ),
                implementation: TokenStream::new(),
                log_in: TokenStream::new(),
            }
        }
    }
}

/// The user's type is named twice, outside of generic arguments, where the compiler would have more to say of a type that
/// there is not. Everywhere else it is the state's, and every call names its `Self`, by which the compiler sees what is
/// missing before it knows who asks for it: so a type that is not a user is one error, too.
fn with_user(state: &State, user: &Type, marker: &Ident, declared: &Type) -> Expanded {
    let (vis, ident) = (&state.vis, &state.ident);
    let at = user.span();
    let marker = Ident::new(&marker.to_string(), declared.span());
    let in_state = quote_spanned! {at=>
        type User = #user;

        fn is_logged_in(&self) -> bool {
            <Self as __private::HasUser>::user_id(self).is_some()
        }

        fn user<'s, 'r: 's>(
            &'s self,
            request: &'r __private::Request<'_>,
        ) -> __private::Fut<'s, &'r ::std::sync::Arc<Self::User>> {
            __private::find::<Self>(self, <Self as __private::HasUser>::user_id(self), request)
        }

        fn found<'r>(
            &self,
            request: &'r __private::Request<'_>,
        ) -> ::core::result::Result<&'r ::std::sync::Arc<Self::User>, __private::SessionError> {
            __private::found::<Self::User>(<Self as __private::HasUser>::user_id(self), request)
        }

        fn misses_source(rocket: &__private::Rocket<__private::Ignite>) -> bool {
            <Self as __private::HasUser>::misses_source(rocket)
        }
    };
    let implementation = quote_spanned! {at=>
        #[automatically_derived]
        impl __private::HasUser for #ident {
            fn login_field() -> __private::LoginField<__private::IdOf<Self>> {
                __private::login_field::<#marker, __private::IdOf<Self>>()
            }

            fn source<'r>(
                request: &'r __private::Request<'_>,
            ) -> __private::Fut<'r, <<Self as __private::SessionState>::User as __private::SessionUser>::Source<'r>> {
                __private::source(request)
            }

            fn misses_source(rocket: &__private::Rocket<__private::Ignite>) -> bool {
                #[allow(unused_imports)]
                use __private::rocket::sentinel::resolution::{DefaultSentinel as _, Resolve};
                Resolve::<<<Self as __private::SessionState>::User as __private::SessionUser>::Source<'static>>::abort(rocket)
            }
        }
    };
    let log_in = quote_spanned! {at=>
        /// Logs the user in: sets the login field to the user's id, gives the session a new id, and binds the login to
        /// the user's stamp.
        // A user who is less visible than the state is an error already.
        #[allow(private_interfaces)]
        #vis fn log_in(&self, user: &#user) {
            __private::log_in(&self.__session, <Self as __private::HasUser>::login_field(), user);
        }
    };
    Expanded { in_state, implementation, log_in }
}
