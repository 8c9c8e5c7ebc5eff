//! The code of a state. It holds no logic: every accessor is one call into the library.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Ident, Type};

use crate::document;
use crate::state::model::{Field, Shape, State};
use crate::state::{snapshot, user};
use crate::syntax::{accessors, is_named, optional};

/// The handle, and in an anonymous constant all that is implemented for it.
///
/// The accessors have no bounds of their own: they go through a `Field` that the constant hides,
/// where a type that can't be stored is one error instead of one per accessor.
pub(super) fn expand(state: &State) -> TokenStream {
    let State { attrs, vis, ident, fields, .. } = state;
    let fields: Vec<_> =
        fields.iter().enumerate().map(|(n, field)| (format_ident!("__Field{n}"), field)).collect();
    let markers = fields.iter().map(|(marker, field)| expand_field(marker, field));
    let accessors = fields.iter().map(|(marker, field)| expand_accessors(marker, field));
    let user = user::expand(state, &fields);
    let log_in = user.log_in;
    let implementations = expand_implementations(ident, &user.in_state, &fields);
    let user = user.implementation;
    let names = expand_names(state, &fields);
    let snapshot = snapshot::expand(state, &fields);
    let documented = state.documented.as_ref().map(|path| document::expand_state(path, ident));
    quote! {
        #(#attrs)*
        #vis struct #ident {
            __session: ::rocket_session_state::__private::Session,
        }

        const _: () = {
            // Everything that generated code needs, also of Rocket: a short path, since each token costs time.
            use ::rocket_session_state::__private;

            #(#markers)*
            #implementations
            #names
            #snapshot
            #documented
            #user

            #[allow(dead_code, clippy::all, clippy::pedantic)]
            impl #ident {
                #(#accessors)*
                #log_in

                /// The session as a map, for what is not known at compile time.
                #[must_use]
                #vis fn session(&self) -> &__private::Session {
                    &self.__session
                }
            }
        };
    }
}

fn expand_field(marker: &Ident, field: &Field) -> TokenStream {
    let Field { cfgs, ident, ty, key, .. } = field;
    let item = field.item();
    let default = expand_default(field);
    let name = ident.unraw().to_string();
    let name = (key.value() != name).then(|| quote!(const NAME: &'static str = #name;));
    let policy = field.policy.as_ref().map(|policy| quote!(const POLICY: &'static str = #policy;));
    let merge = field.merge.as_ref().map(|merge| {
        quote! {
            const MERGE: ::core::option::Option<__private::Policy<#item>> = {
                const MERGE: __private::Policy<#item> = #merge;
                ::core::option::Option::Some(MERGE)
            };
        }
    });
    quote! {
        #(#cfgs)*
        struct #marker;

        #(#cfgs)*
        #[automatically_derived]
        impl __private::Field for #marker {
            type Stored = #item;
            type Declared = #ty;
            const KEY: &'static str = #key;
            #name
            #merge
            #policy

            fn default() -> #ty {
                #default
            }
        }
    }
}

/// A struct with the same fields, each as visible as its accessors, by which guards name the fields of a
/// state: so the compiler speaks of fields where one is unknown or private. The user has a name there, too, of which it says
/// that guards ask for it in another way.
fn expand_names(state: &State, fields: &[(Ident, &Field)]) -> TokenStream {
    let State { vis, ident, user, .. } = state;
    let is_free = fields.iter().all(|(_, field)| field.ident.unraw() != "user");
    let user = user.as_ref().filter(|_| is_free).map(|_| {
        let declared = quote!(#vis user: __private::FieldName<__private::TheUser>);
        (declared, quote!(user: __private::FieldName::of_the_user()))
    });
    let names = format_ident!("{}Fields", ident.unraw());
    let declared = fields.iter().map(|(marker, Field { cfgs, vis, ident, .. })| {
        let ty = quote!(<#marker as __private::Field>::Declared);
        let name = quote!(#(#cfgs)* #ident: __private::FieldName::of::<#marker>());
        (quote!(#(#cfgs)* #vis #ident: __private::FieldName<#ty>), name)
    });
    let (declared, all): (Vec<_>, Vec<_>) = declared.chain(user).unzip();
    // In a scope without any type of the user, which it could hide.
    quote! {
        const _: () = {
            #[allow(dead_code, private_interfaces)]
            pub struct #names { #(#declared),* }

            #[automatically_derived]
            impl __private::Names for #names {
                const ALL: Self = #names { #(#all),* };
            }

            #[automatically_derived]
            impl __private::FieldNames for #ident {
                type Fields = #names;
            }
        };
    }
}

fn expand_default(field: &Field) -> TokenStream {
    let ty = &field.ty;
    match (&field.default, &field.shape) {
        (Some(default), _) => quote!(#default),
        (None, Shape::Optional(_)) => quote!(::core::option::Option::None),
        (None, Shape::Fallible(_)) => quote!(__private::missing::<Self>()),
        (None, Shape::Plain) => quote_spanned!(ty.span()=> <#ty as __private::HasDefault>::make()),
    }
}

/// All has the place of the field: that is where the compiler points if an accessor is private, or
/// misused.
fn expand_accessors(marker: &Ident, field: &Field) -> TokenStream {
    let at = field.ident.span();
    let Field { docs, attrs, cfgs, vis, ident, ty, .. } = field;
    let name = ident.unraw();
    let [set, update, take] = accessors(ident);
    let get_doc = (!docs.iter().any(is_doc)).then(|| format!("The session field `{name}`."));
    let get_doc = get_doc.map(|doc| quote!(#[doc = #doc]));
    let set_doc = format!("Sets `{name}`.");
    let update_doc = format!(
        "Changes `{name}` in place and saves it if that made a difference. The session may be used meanwhile."
    );
    let take_doc = format!("Takes `{name}`: gives its value and leaves the field absent.");
    let (argument, value) = expand_argument(field);
    let shared = quote!(#(#cfgs)* #(#attrs)*);
    quote_spanned! {at=>
        #(#docs)*
        #get_doc
        #shared
        #[must_use]
        #vis fn #ident(&self) -> #ty {
            __private::get::<#marker>(&self.__session)
        }

        #[doc = #set_doc]
        #shared
        #vis fn #set(&self, value: #argument) {
            __private::set::<#marker>(&self.__session, #value);
        }

        #[doc = #update_doc]
        #shared
        #vis fn #update<__R>(&self, change: impl ::core::ops::FnOnce(&mut #ty) -> __R) -> __R {
            __private::update::<#marker, __R>(&self.__session, change)
        }

        #[doc = #take_doc]
        #shared
        #vis fn #take(&self) -> #ty {
            __private::take::<#marker>(&self.__session)
        }
    }
}

fn is_doc(attr: &Attribute) -> bool {
    attr.path().is_ident("doc")
}

/// The setter's argument and the field's value made of it. Only where it makes a literal or `None`
/// easier to write is the argument generic: otherwise the compiler could infer less.
fn expand_argument(field: &Field) -> (TokenStream, TokenStream) {
    let at = field.ident.span();
    let given: &Type = if let Shape::Fallible(item) = &field.shape { item } else { &field.ty };
    let (argument, value) = if is_named(given, "String") || optional(given).is_some() {
        (
            quote_spanned!(at=> impl __private::IntoField<#given>),
            quote_spanned!(at=> __private::IntoField::into_field(value)),
        )
    } else {
        (quote!(#given), quote_spanned!(at=> value))
    };
    match field.shape {
        Shape::Fallible(_) => (argument, quote_spanned!(at=> ::core::result::Result::Ok(#value))),
        _ => (argument, value),
    }
}

fn expand_implementations(ident: &Ident, user: &TokenStream, fields: &[(Ident, &Field)]) -> TokenStream {
    let name = ident.unraw().to_string();
    let login = fields.iter().find(|(_, field)| field.login.is_some()).map(|(marker, _)| {
        quote! {
            const LOGIN: ::core::option::Option<&'static str> =
                ::core::option::Option::Some(<#marker as __private::Field>::KEY);
        }
    });
    let (listed, has_list) = fields.iter().find(|(_, field)| field.listed.is_some()).map(|(marker, field)| {
        // Not by the marker, which is private and may not be named by a public state.
        let item = field.item();
        let id = quote_spanned!(field.ty.span()=> type Id = #item;);
        let implementation = quote! {
            #[automatically_derived]
            impl __private::Listed for #ident {
                #id

                fn login_value(id: &Self::Id) -> ::core::result::Result<__private::Value, __private::EncodeError> {
                    __private::login_value::<#marker>(id)
                }
            }
        };
        (quote!(const LISTED: bool = true;), implementation)
    }).unzip();
    let has_login = login.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl __private::HasLogin for #ident {}
        }
    });
    let keys =
        fields.iter().map(|(marker, Field { cfgs, .. })| quote!(#(#cfgs)* __private::typed_key::<#marker>()));
    let layouts =
        fields.iter().map(|(marker, Field { cfgs, .. })| quote!(#(#cfgs)* __private::layout_of::<#marker>));
    let guard = crate::guard::expand_request_guard(ident);
    quote! {
        #[automatically_derived]
        impl ::core::clone::Clone for #ident {
            fn clone(&self) -> Self {
                Self { __session: ::core::clone::Clone::clone(&self.__session) }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name).finish_non_exhaustive()
            }
        }

        /// The session's own methods: flash, clear, regenerate, destroy.
        #[automatically_derived]
        impl ::core::ops::Deref for #ident {
            type Target = __private::Session;

            fn deref(&self) -> &__private::Session {
                &self.__session
            }
        }

        #[automatically_derived]
        impl __private::SessionState for #ident {
            const KEYS: &'static [__private::TypedKey] = &[#(#keys),*];
            const LAYOUT: &'static [__private::LayoutOf] = &[#(#layouts),*];
            #login
            #listed
            #user

            fn from_session(session: __private::Session) -> Self {
                Self { __session: session }
            }

            fn session(&self) -> &__private::Session {
                &self.__session
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl __private::SessionGuard for #ident {
            type State = Self;
            const REQUIRES: bool = <Self as __private::SessionState>::LOGIN.is_some();

            fn authorize(
                request: &__private::Request<'_>,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<Self, __private::SessionError>>
            + ::core::marker::Send {
                __private::open(request)
            }
        }

        #has_login
        #has_list
        #guard
    }
}
