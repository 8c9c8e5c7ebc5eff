//! `#[require_session]` above a handler: the guard becomes its first argument.
//!
//! Rocket asks guards in the order of the arguments, and `uri!` does not see them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Ident, ItemFn, Meta, Type, parse_quote};

use crate::errors::Errors;
use crate::guard::parse::{Arguments, GUARD, parse_arguments};
use crate::syntax::{cfgs, name_of};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "head", "options", "patch", "route"];

/// Returns the handler with its guard, or, after an error, as it was.
pub(super) fn expand(arguments: TokenStream, mut function: ItemFn, errors: &mut Errors) -> TokenStream {
    let at = (!arguments.is_empty()).then(|| arguments.clone());
    let guard = parse_arguments(arguments, GUARD, errors);
    if let Some(Arguments { written, .. }) = &guard
        && let Some(option) = written.first()
    {
        errors.at(
            &option.name,
            "a handler names its guard and nothing else; options belong to the guard's struct",
        );
    }
    remove_second(&mut function, errors);
    if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first() {
        errors.at(receiver, "`#[require_session]` can't guard a method; routes are free functions");
        function.attrs.retain(|attr| !is_route(attr));
    } else if let Some(catch) = function.attrs.iter().find(|attr| name_of(attr.path()) == "catch") {
        errors.at(
            catch.path(),
            "a catcher can't be guarded: it has to answer when guards fail\n\
             ask inside it instead: `request.guard::<Member>().await`",
        );
    } else if let Some(Arguments { base, .. }) = guard {
        if function.attrs.iter().any(is_route) {
            return with_guard(&base, function);
        }
        let (name, guard) = (&function.sig.ident, base.to_token_stream());
        errors.at(
            at,
            format_args!(
                "`#[require_session]` found no route attribute below it\n\
             place it ABOVE the route attribute, so that it runs first:\n    \
             #[require_session({guard})]\n    #[get(\"/\")]\n    fn {name}() {{ .. }}"
            ),
        );
    }
    function.into_token_stream()
}

/// Names the guard by an alias: Rocket writes the type twice, and a misspelt one would be two errors.
///
/// `rocket_okapi` asks the types of arguments, so that under its attribute the guard stands for itself.
fn with_guard(base: &Type, mut function: ItemFn) -> TokenStream {
    let cfgs = cfgs(&function.attrs);
    let alias = format_ident!("__require_session_{}", function.sig.ident.unraw(), span = base.span());
    let argument = Ident::new("__require_session", Span::mixed_site());
    let is_documented = function.attrs.iter().any(|attr| name_of(attr.path()) == "openapi");
    let (ty, checked) = if is_documented {
        let path = quote_spanned!(base.span()=> ::rocket_session_state::__private::restrictive::<#alias>);
        (quote_spanned!(base.span()=> #alias), Some(quote!(#(#cfgs)* const _: () = #path();)))
    } else {
        (quote_spanned!(base.span()=> ::rocket_session_state::__private::Require<#alias>), None)
    };
    function.sig.inputs.insert(0, parse_quote!(#argument: #ty));
    quote! {
        #(#cfgs)*
        #[allow(non_camel_case_types)]
        type #alias = #base;

        #checked

        #function
    }
}

fn remove_second(function: &mut ItemFn, errors: &mut Errors) {
    function.attrs.retain(|attr| {
        let second = name_of(attr.path()) == "require_session";
        if second {
            errors.at(
                attr.path(),
                "a handler has one `#[require_session]`; to require two guards, build one upon the other",
            );
        }
        !second
    });
}

/// Tells whether the attribute makes a route, perhaps under a condition.
fn is_route(attr: &Attribute) -> bool {
    if let (true, Meta::List(list)) = (attr.path().is_ident("cfg_attr"), &attr.meta) {
        let parser = |input: ParseStream| {
            input.parse::<Meta>()?;
            let mut found = false;
            while input.parse::<Option<syn::Token![,]>>()?.is_some() && !input.is_empty() {
                found |= METHODS.contains(&name_of(input.parse::<Meta>()?.path()).as_str());
            }
            Ok(found)
        };
        return parser.parse2(list.tokens.clone()).unwrap_or(false);
    }
    METHODS.contains(&name_of(attr.path()).as_str())
}
