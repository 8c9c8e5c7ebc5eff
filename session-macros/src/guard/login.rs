//! The option `login` of a guard.

use std::net::Ipv6Addr;

use quote::ToTokens as _;
use syn::{Expr, ExprMacro, LitStr, Macro, Path};

use crate::errors::Errors;
use crate::options::{Written, string_of};
use crate::syntax::name_of;

const LOGIN: &str = "login = |next| uri!(login_page(next))";

/// Reads the login page: an address as a string, or a function that makes one.
pub(super) fn read(option: &Written, errors: &mut Errors) -> Option<Expr> {
    let value = option.value(LOGIN, errors)?;
    if let Some(path) = string_of(value) {
        errors.accept(check(&path))?;
        return Some(value.clone());
    }
    match value {
        Expr::Lit(_) => errors.at(
            value,
            format_args!("`login` takes the login page: `{LOGIN}`, or its path: `login = \"/login\"`"),
        ),
        Expr::Macro(ExprMacro { mac, .. }) if name_of(&mac.path) == "uri" => errors.at(
            value,
            format_args!(
                "`login` takes a function of the page to go on to after the login, and this is an address\n\
                 write: {}",
                corrected(mac)
            ),
        ),
        function => return Some(function.clone()),
    }
    None
}

/// Says how the address `uri!(..)` is written as a function.
fn corrected(mac: &Macro) -> String {
    mac.parse_body::<Path>().map_or_else(
        |_| format!("`{LOGIN}`"),
        |route| {
            let route = route.to_token_stream();
            format!("`login = |next| uri!({route}(next))`, or `login = |_| uri!({route})` if the page takes no `next`")
        },
    )
}

/// Returns `true` if the text is meant as the address of a page of another origin, and not as a path.
pub(super) fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Refuses a text that is neither a path on this site nor the address of a page.
fn check(login: &LitStr) -> syn::Result<()> {
    let text = login.value();
    if is_url(&text) {
        return check_url(&text).map_err(|reason| {
            syn::Error::new(
                login.span(),
                format_args!("`{text}` {reason}\nwrite: `login = \"https://accounts.example/login\"`"),
            )
        });
    }
    if text.starts_with('/') && !text.starts_with("//") && is_plain(&text) {
        return Ok(());
    }
    Err(syn::Error::new(
        login.span(),
        format_args!(
            "`{text}` is not a path on this site: it starts with one `/` and holds what a URI can hold\n\
             write: `login = \"/login\"`, or `{LOGIN}`\n\
             a page of another site has its whole address: `login = \"https://accounts.example/login\"`"
        ),
    ))
}

/// Says what is wrong with the address of a login page of another origin.
fn check_url(url: &str) -> Result<(), &'static str> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or("is not the address of a page: that begins with `https://` or `http://`")?;
    if rest.contains('#') {
        return Err("has a fragment, behind which no `next` can stand");
    }
    let (authority, page) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("names a user, and everybody goes there");
    }
    let (host, port) = match authority.find(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && !host.starts_with('.')
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    if !is_host {
        return Err("does not name a host, in ASCII, behind its scheme");
    }
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return Err("has an invalid port");
    }
    if is_plain(page) { Ok(()) } else { Err("holds what a URI can't hold; percent-encode it") }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%?&=+".contains(&byte))
}
