//! `#[derive(OpenApiFromRequest)]` of the crate `rocket_okapi`, for a state or a guard that has it below its attribute.
//!
//! The crate is the application's own dependency: it accepts one version of Rocket alone, and is named here by path only.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Path};

use crate::syntax::name_of;

/// Returns `true` for the derive, whatever the path before it is.
pub(crate) fn is_derive(path: &Path) -> bool {
    name_of(path) == "OpenApiFromRequest"
}

/// A state asks nothing of a visitor.
pub(crate) fn expand_state(derive: &Path, ident: &Ident) -> TokenStream {
    expand(
        derive,
        ident,
        &quote!(::core::result::Result::Ok(::rocket_okapi::request::RequestHeaderInput::None)),
        None,
    )
}

/// A guard asks for the session cookie. `forbids` gives a `bool`: whether it may refuse somebody who is logged in.
pub(crate) fn expand_guard(
    derive: &Path,
    ident: &Ident,
    base: &TokenStream,
    forbids: &TokenStream,
) -> TokenStream {
    let input = quote! {
        let __name = ::std::string::String::from(__private::scheme::<Self>());
        let __scheme = ::rocket_okapi::okapi::openapi3::SecurityScheme {
            description: ::core::option::Option::Some(__private::SCHEME.into()),
            data: ::rocket_okapi::okapi::openapi3::SecuritySchemeData::ApiKey {
                name: __private::COOKIE.into(),
                location: "cookie".into(),
            },
            extensions: ::core::default::Default::default(),
        };
        let __requirement = ::core::iter::once((__name.clone(), ::std::vec::Vec::new())).collect();
        ::core::result::Result::Ok(::rocket_okapi::request::RequestHeaderInput::Security(
            __name,
            __scheme,
            __requirement,
        ))
    };
    let responses = quote! {
        fn get_responses(
            __generator: &mut ::rocket_okapi::r#gen::OpenApiGenerator,
        ) -> ::rocket_okapi::Result<::rocket_okapi::okapi::openapi3::Responses> {
            let mut __responses = #base::get_responses(__generator)?;
            for (__status, __meaning) in __private::refusals::<Self>(#forbids) {
                let __response = ::rocket_okapi::okapi::openapi3::Response {
                    description: __meaning.into(),
                    ..::core::default::Default::default()
                };
                __responses.responses.insert(__status.into(), __response.into());
            }
            ::core::result::Result::Ok(__responses)
        }
    };
    expand(derive, ident, &input, Some(&responses))
}

fn expand(derive: &Path, ident: &Ident, input: &TokenStream, responses: Option<&TokenStream>) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl<'r> #derive<'r> for #ident {
            fn from_request_input(
                _: &mut ::rocket_okapi::r#gen::OpenApiGenerator,
                _: ::std::string::String,
                _: bool,
            ) -> ::rocket_okapi::Result<::rocket_okapi::request::RequestHeaderInput> {
                #input
            }

            #responses
        }
    }
}
