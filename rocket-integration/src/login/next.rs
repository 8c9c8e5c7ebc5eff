//! The page to go on to after logging in, which is never on another site.

use std::fmt;

use rocket::Request;
use rocket::form::error::ErrorKind;
use rocket::form::{Errors, FromFormField, ValueField};
use rocket::http::impl_from_uri_param_identity;
use rocket::http::uri::fmt::{Formatter, FromUriParam, Ignorable, Query, UriDisplay};
use rocket::http::uri::{Origin, Reference};
use rocket::response::{self, Redirect, Responder};

use super::pages::LoginPages;
use crate::path;

/// A page of this site to go on to after logging in, or none.
///
/// It can't lead to another site, wherever it comes from: it is checked when a guard makes one of the page
/// that was asked for, and again when it is read from a query or a form. What does not pass reads as none,
/// never as an error; declared as `Option<Next>` it reads as `None`. The redirect that
/// [`redirect_or`](Next::redirect_or) makes does not lead back to a login page either.
///
/// ```
/// # use rocket::{FromForm, form::Form, get, post, uri};
/// # use rocket_session_state::{require_session, session_state};
/// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
/// use rocket_session_state::{Next, NextRedirect};
///
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
/// fn login(form: Form<Login>, visit: Visit) -> NextRedirect {
///     visit.set_username(&form.username);
///     form.next.redirect_or(uri!(index))
/// }
///
/// #[get("/")]
/// fn index() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Next(Option<String>);

/// The longest address that is carried along, in bytes: it comes back in a header.
const LONGEST: usize = 2048;

impl Next {
    /// The page at this path and query; `None` if that is not a page of this site.
    ///
    /// ```
    /// use rocket_session_state::Next;
    ///
    /// assert!(Next::parse("/orders?page=2").is_some());
    /// assert!(Next::parse("//elsewhere.example/orders").is_none());
    /// ```
    pub fn parse(path_and_query: &str) -> Option<Next> {
        let stays_here = is_plain(path_and_query) && page(path_and_query).is_some();
        stays_here.then(|| Next(Some(path_and_query.to_owned())))
    }

    /// The page that was asked for; none if it is a login page of the application.
    pub(crate) fn of(uri: &Origin<'_>, login_pages: &LoginPages) -> Next {
        // As it is written where it can be: Rocket's normal form drops a slash at the end.
        let written = Next::parse(&uri.to_string());
        let next = written.or_else(|| Next::parse(&uri.clone().into_normalized().to_string()));
        next.filter(|next| !next.is_any_of(login_pages)).unwrap_or_default()
    }

    /// A redirect (303) to the page, or to another one if there is none or if it is a login page of the
    /// application.
    ///
    /// ```
    /// # use rocket::{get, uri};
    /// use rocket_session_state::{Next, NextRedirect};
    ///
    /// #[get("/continue?<next>")]
    /// fn go_on(next: Next) -> NextRedirect {
    ///     next.redirect_or(uri!("/account"))
    /// }
    /// ```
    pub fn redirect_or<U: TryInto<Reference<'static>>>(&self, otherwise: U) -> NextRedirect {
        NextRedirect { next: self.clone(), otherwise: Redirect::to(otherwise) }
    }

    /// The path and query of the page, if there is one.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn is_any_of(&self, login_pages: &LoginPages) -> bool {
        self.as_str().and_then(page).is_some_and(|page| login_pages.is_known(page.path().as_str()))
    }
}

/// Returns `true` if the text starts with one slash and holds nothing that a browser reads otherwise than it is written:
/// browsers take `\` for `/`, and drop tabs and line ends before they look.
fn is_plain(text: &str) -> bool {
    let starts_here = text.starts_with('/') && !text.starts_with("//");
    starts_here && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// The address, if Rocket and the browser read its path as one and the same.
fn page(text: &str) -> Option<Origin<'_>> {
    let uri = Origin::parse(text).ok()?;
    let path = uri.path().as_str();
    (!path.contains("//") && !path::has_dot_segment(path)).then_some(uri)
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

/// The redirect that [`Next::redirect_or`] makes.
///
/// It is decided when it is sent, because only then it is known which login pages the application has.
#[derive(Debug)]
pub struct NextRedirect {
    next: Next,
    otherwise: Redirect,
}

impl<'r> Responder<'r, 'static> for NextRedirect {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let login_pages = request.rocket().state::<LoginPages>();
        let leads_back = login_pages.is_some_and(|pages| self.next.is_any_of(pages));
        match self.next.0 {
            Some(page) if !leads_back => Redirect::to(page).respond_to(request),
            _ => self.otherwise.respond_to(request),
        }
    }
}

/// `uri!(login_page(next))` is enough where the page takes an `Option<Next>`.
impl FromUriParam<Query, Next> for Option<Next> {
    type Target = Next;

    fn from_uri_param(next: Next) -> Next {
        next
    }
}
