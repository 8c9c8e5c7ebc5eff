//! The values of a state at one moment: the method `snapshot`, and the derived `Serialize`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt as _;

use crate::state::model::{Field, State};

/// A struct of the fields' values, which is serialized by their names.
///
/// What a field's type needs for that is not said here: a type that can't be stored is one error, where it is declared.
pub(super) fn expand(state: &State, fields: &[(Ident, &Field)]) -> TokenStream {
    let State { vis, ident, .. } = state;
    let name = ident.unraw().to_string();
    let values = fields
        .iter()
        .map(|(marker, Field { cfgs, ident, .. })| quote!(#(#cfgs)* #ident: __private::Picture<#marker>));
    let taken = fields.iter().map(|(marker, Field { cfgs, ident, .. })| {
        quote!(#(#cfgs)* #ident: __private::picture::<#marker>(&self.__session))
    });
    let written = fields.iter().map(|(_, Field { cfgs, ident, .. })| {
        let name = ident.unraw().to_string();
        quote!(#(#cfgs)* __fields.serialize_field(#name, &self.#ident)?;)
    });
    let derived = state.serialize.as_ref().map(|path| {
        quote! {
            #[automatically_derived]
            impl #path for #ident {
                fn serialize<__S: __private::rocket::serde::Serializer>(
                    &self,
                    serializer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    __private::rocket::serde::Serialize::serialize(&Self::snapshot(self), serializer)
                }
            }
        }
    });
    quote! {
        #[allow(non_snake_case)]
        struct __Snapshot { #(#values),* }

        #[automatically_derived]
        #[allow(unused_mut)]
        impl __private::rocket::serde::Serialize for __Snapshot {
            fn serialize<__S: __private::rocket::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                use __private::rocket::serde::ser::SerializeStruct as _;
                let __count = <#ident as __private::SessionState>::KEYS.len();
                let mut __fields = serializer.serialize_struct(#name, __count)?;
                #(#written)*
                __fields.end()
            }
        }

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #ident {
            /// The values of all fields at this moment, by the fields' names, for a template: it is serialized.
            #[must_use]
            #vis fn snapshot(
                &self,
            ) -> impl __private::rocket::serde::Serialize + ::core::marker::Send + 'static + use<> {
                __Snapshot { #(#taken),* }
            }
        }

        #derived
    }
}
