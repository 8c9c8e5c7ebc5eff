//! The options inside an attribute's parentheses: `name` or `name = value`, separated by commas.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Token};

use crate::errors::Errors;

/// One option as it was written. Its value is judged by whoever knows the name.
pub(crate) struct Written {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
}

impl Parse for Written {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = input.parse::<Option<Token![=]>>()?.map(|_| input.parse()).transpose()?;
        Ok(Written { name, value })
    }
}

impl ToTokens for Written {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Written { name, value } = self;
        let value = value.as_ref().map(|value| quote!(= #value));
        tokens.extend(quote!(#name #value));
    }
}

impl Written {
    /// The value of an option that has to have one; `form` shows how.
    pub(crate) fn value(&self, form: &str, errors: &mut Errors) -> Option<&Expr> {
        if self.value.is_none() {
            errors.at(&self.name, format_args!("`{}` takes a value: `{form}`", self.name));
        }
        self.value.as_ref()
    }

    /// The string of an option that takes nothing else.
    pub(crate) fn string(&self, form: &str, errors: &mut Errors) -> Option<LitStr> {
        let value = self.value(form, errors)?;
        let string = string_of(value);
        if string.is_none() {
            errors.at(value, format_args!("`{}` takes a string: `{form}`", self.name));
        }
        string
    }
}

/// The string literal that `expr` is, also where a macro has passed it on.
pub(crate) fn string_of(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string.clone()),
        Expr::Group(group) => string_of(&group.expr),
        _ => None,
    }
}

/// `; did you mean ..?` if one of `known` is near to what was written, otherwise nothing.
pub(crate) fn did_you_mean(written: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len())
        .min()
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// `` `a`, `b` and `c` `` for a message.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
