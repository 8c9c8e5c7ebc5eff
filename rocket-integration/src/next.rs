//! Where to go after logging in, without ever leaving the site.

use std::fmt;

use rocket::form::error::ErrorKind;
use rocket::form::{Errors, FromFormField, ValueField};
use rocket::http::impl_from_uri_param_identity;
use rocket::http::uri::fmt::{Formatter, Ignorable, Query, UriDisplay};
use rocket::http::uri::{Origin, Reference};
use rocket::response::Redirect;

use crate::{dots, login_pages};

/// A page of this site to go on to after logging in, or none.
///
/// It can't lead to another site, nor back to a login page, wherever it comes from: it is checked when
/// a guard makes one of the page that was asked for, and again when it is read from a query or a form.
/// What does not pass reads as none, never as an error; declared as `Option<Next>` it reads as `None`.
///
/// ```
/// # use rocket::{FromForm, form::Form, get, post, response::Redirect, uri};
/// # use rocket_session_state::{Next, require_session, session_state};
/// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
/// #[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
/// pub struct Member {
///     username: String,
/// }
///
/// #[get("/login?<next>")]
/// fn login_page(next: Option<Next>) -> String {
///     let next = next.unwrap_or_default(); // for a hidden field, `name="next" value="{next}"`
///     format!("a form that posts a name, and {next}")
/// }
///
/// #[derive(FromForm)]
/// struct Login {
///     username: String,
///     next: Next,
/// }
///
/// #[post("/login", data = "<form>")]
/// fn login(form: Form<Login>, visit: Visit) -> Redirect {
///     visit.set_username(&form.username);
///     form.next.redirect_or(uri!(index))
/// }
///
/// #[get("/")]
/// fn index() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Next(Option<String>);

/// Longer addresses are not carried along: they would come back in a header.
const LONGEST: usize = 2048;

impl Next {
    /// The page at this path and query, if that is a page of this site that is no login page.
    ///
    /// ```
    /// use rocket_session_state::Next;
    ///
    /// assert!(Next::parse("/orders?page=2").is_some());
    /// assert!(Next::parse("//elsewhere.example/orders").is_none());
    /// ```
    pub fn parse(path_and_query: &str) -> Option<Next> {
        let stays_here = is_plain(path_and_query) && leads_to_a_page(path_and_query);
        stays_here.then(|| Next(Some(path_and_query.to_owned())))
    }

    /// The page that was asked for.
    pub(crate) fn of(uri: &Origin<'_>) -> Next {
        // As it is written where it can be: Rocket's normal form drops a slash at the end.
        let written = Next::parse(&uri.to_string());
        written.or_else(|| Next::parse(&uri.clone().into_normalized().to_string())).unwrap_or_default()
    }

    /// A redirect (303) to the page, or to another one if there is none.
    pub fn redirect_or<U: TryInto<Reference<'static>>>(&self, otherwise: U) -> Redirect {
        match &self.0 {
            Some(page) => Redirect::to(page.clone()),
            None => Redirect::to(otherwise),
        }
    }

    /// The path and query of the page, if there is one.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Starts with one slash and holds nothing that a browser reads otherwise than it is written: browsers
/// take `\` for `/`, and drop tabs and line ends before they look.
fn is_plain(text: &str) -> bool {
    let starts_here = text.starts_with('/') && !text.starts_with("//");
    starts_here && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// Names the page by the one path that both Rocket and the browser read it as.
fn leads_to_a_page(text: &str) -> bool {
    let Ok(uri) = Origin::parse(text) else { return false };
    let path = uri.path().as_str();
    !path.contains("//") && !path.split('/').any(dots::is_dots) && !login_pages::is_known(path)
}

/// The path and query, or nothing.
impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str().unwrap_or_default())
    }
}

impl<'v> FromFormField<'v> for Next {
    /// An error that Rocket overlooks where the field is a plain `Next`, and that makes an `Option` of it `None`.
    fn from_value(field: ValueField<'v>) -> Result<Self, Errors<'v>> {
        Next::parse(field.value).ok_or_else(|| ErrorKind::Unexpected.into())
    }

    fn default() -> Option<Self> {
        Some(Next(None))
    }
}

impl UriDisplay<Query> for Next {
    fn fmt(&self, f: &mut Formatter<'_, Query>) -> fmt::Result {
        self.as_str().map_or(Ok(()), |page| f.write_value(page))
    }
}

impl Ignorable<Query> for Next {}

impl_from_uri_param_identity!([Query] Next);
