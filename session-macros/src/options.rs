//! The options inside an attribute's parentheses: `name` or `name = value`, separated by commas.

use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Token, Type, token};

use crate::errors::Errors;

/// The options of an attribute. `O` is an enum: each of them is read in an arm of its own.
pub(crate) struct Options<O: 'static> {
    /// The name of the kind in messages: "session option".
    pub(crate) kind: &'static str,
    /// All of them by name, in the order in which they are listed for a user.
    pub(crate) known: &'static [(&'static str, O)],
    /// Names from elsewhere that a user may try, each with what does it here: an option, or what has a back quote in it
    /// and goes on after that.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

impl<O: Copy> Options<O> {
    /// Tells which option was written. One that is unknown or was `seen` before is reported.
    pub(crate) fn recognize(
        &self,
        written: &Written,
        seen: &mut Vec<Ident>,
        errors: &mut Errors,
    ) -> Option<O> {
        let (name, kind) = (written.name.to_string(), self.kind);
        let Some((_, option)) = self.known.iter().find(|(known, _)| *known == name) else {
            let suggestion = self.suggestion(&name);
            let options = self.listed();
            errors.at(
                &written.name,
                format_args!("unknown {kind} `{name}`{suggestion}\nthe options are: {options}"),
            );
            return None;
        };
        if seen.contains(&written.name) {
            errors.at(&written.name, format_args!("`{name}` is given twice; keep one"));
            return None;
        }
        seen.push(written.name.clone());
        Some(*option)
    }

    /// The names of all options, for a message.
    pub(crate) fn listed(&self) -> String {
        listed(&self.names())
    }

    fn suggestion(&self, name: &str) -> String {
        match self.elsewhere.iter().find(|(elsewhere, _)| *elsewhere == name) {
            Some((_, here)) if here.contains('`') => format!("; write `{here}"),
            Some((_, here)) => format!("; write `{here}`"),
            None => did_you_mean(name, &self.names()),
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.known.iter().map(|(name, _)| *name).collect()
    }
}

/// One option as it was written.
pub(crate) struct Written {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
}

impl Parse for Written {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        if input.peek(token::Paren) {
            return Err(input.error(format_args!("an option has its value after `=`; write `{name} = ..`")));
        }
        let value = input.parse::<Option<Token![=]>>()?.map(|_| parse_value(input)).transpose()?;
        Ok(Written { name, value })
    }
}

/// Parses an expression, or a type that is not one, such as `Vec<User>`.
fn parse_value(input: ParseStream) -> syn::Result<Expr> {
    if input.fork().parse::<Expr>().is_err()
        && let Ok(ty) = input.fork().parse::<Type>()
    {
        input.parse::<Type>()?;
        return Ok(Expr::Verbatim(ty.into_token_stream()));
    }
    input.parse()
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
    match ungrouped(expr) {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string.clone()),
        _ => None,
    }
}

/// The expression without the invisible group in which a `macro_rules!` macro passes it on.
pub(crate) fn ungrouped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungrouped(&group.expr),
        expr => expr,
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

/// `` `a`, `b`, `c` `` for a message.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
