//! The path of a login page, written as text.

use syn::LitStr;

/// Refuses what is no path on this site.
pub(super) fn check(path: &LitStr) -> syn::Result<()> {
    let text = path.value();
    let is_path = text.starts_with('/') && !text.starts_with("//");
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%?&=+".contains(&byte));
    if is_path && is_plain {
        return Ok(());
    }
    Err(syn::Error::new(
        path.span(),
        format_args!(
            "`{text}` is no path on this site: it starts with one `/` and holds what a URI can hold\n\
             write: `login = \"/login\"`, or `login = |next| uri!(login_page(Some(next)))`"
        ),
    ))
}
