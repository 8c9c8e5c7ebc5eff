//! The code of a guard. It holds no logic: fields are read by the state's own accessors, and what
//! they give is judged by its type.
//!
//! The compiler prints equal errors once if they have one place: everything that depends on the base
//! has the place of the base, everything that depends on a field's type has the place of that type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use crate::attributes::cfgs;
use crate::guard::model::{Guard, Required};
use crate::paths::{private, private_at};

/// The struct with its proof, and in an anonymous constant all that is implemented for it.
pub(super) fn expand(guard: &Guard) -> TokenStream {
    let private = private();
    let Guard { derives, attrs, vis, ident, fields, .. } = guard;
    let derives = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
    let fields = fields.iter().map(|required| &required.field);
    let definition = expand_definition(guard);
    let request_guard = expand_request_guard(ident);
    quote! {
        #derives
        #(#attrs)*
        #vis struct #ident {
            #(#fields,)*
            #[doc(hidden)]
            __proof: #private::Proof<#ident>,
        }

        const _: () = {
            #[allow(unused_imports)]
            use #private::PickPlain as _;

            #definition
            #request_guard
        };
    }
}

fn expand_definition(guard: &Guard) -> TokenStream {
    let Guard { ident, base, fields, .. } = guard;
    let at = base.span();
    let private = private_at(at);
    let state = Ident::new("__state", at);
    let inits = fields.iter().map(|required| expand_field(required, at));
    let names = fields.iter().filter(|required| required.known).map(|Required { field, ident, .. }| {
        let cfgs = cfgs(&field.attrs);
        let name = ident.unraw().to_string();
        quote!(#(#cfgs)* #name)
    });
    quote_spanned! {at=>
        #[automatically_derived]
        impl #private::GuardDef for #ident {
            type Base = #base;
            type State = <Self::Base as #private::SessionGuard>::State;
            const FIELDS: &'static [&'static str] = &[#(#names),*];

            fn base<'r>(request: &'r #private::Request<'_>) -> #private::Fut<'r, Self::Base> {
                <Self::Base as #private::SessionGuard>::authorize(request)
            }

            #[allow(unused_variables)]
            fn build(__parts: #private::Parts<Self>) -> ::core::result::Result<Self, #private::SessionError> {
                let #state = __parts.state;
                ::core::result::Result::Ok(#ident { #(#inits,)* __proof: __parts.proof })
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #private::SessionGuard for #ident {
            type State = <Self as #private::GuardDef>::State;
            const REQUIRES: bool = true;

            fn authorize<'r>(request: &'r #private::Request<'_>) -> #private::Fut<'r, Self> {
                #private::authorize(request)
            }
        }

        const _: () = #private::requires_something::<#private::Requirement<{
            #private::requires::<#ident>(<<#ident as #private::GuardDef>::Base as #private::SessionGuard>::REQUIRES)
        }>>();
    }
}

/// The accessor's name stands where the field's does, so that the compiler suggests the right field there.
fn expand_field(required: &Required, state: Span) -> TokenStream {
    let Required { field, ident, known } = required;
    let cfgs = cfgs(&field.attrs);
    let private = private_at(field.ty.span());
    if !known {
        return quote!(#(#cfgs)* #ident: #private::unknown()?);
    }
    let state = Ident::new("__state", ident.span().resolved_at(state));
    let read = quote_spanned!(ident.span()=> #state.#ident());
    quote_spanned!(field.ty.span()=> #(#cfgs)* #ident: #private::same(#private::Pick(#read).take()?))
}

/// What makes a state or a guard an argument of a handler.
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
                #private::abort(rocket)
            }
        }
    }
}
