//! Telling a browser to forget.

use rocket::http::Header;
use rocket::response::{Responder, Result};
use rocket::{Request, Response};

/// An answer that also tells the browser to drop the pages and data that it keeps of this site
/// (`Clear-Site-Data`): for logging out.
///
/// ```
/// # use rocket::{get, post, response::Redirect, uri};
/// # use rocket_session_state::{ClearSiteData, session_state};
/// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
/// #[post("/logout")]
/// fn logout(visit: Visit) -> ClearSiteData<Redirect> {
///     visit.destroy();
///     ClearSiteData(Redirect::to(uri!(index)))
/// }
/// # #[get("/")] fn index() {}
/// ```
///
/// Cookies are not among it: the session's own is deleted where the session ends, and others, such as
/// that of a message for the next page, may be meant to stay. Log out by POST: a link or an image on
/// another site could make a browser send a GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearSiteData<R>(pub R);

impl<'r, 'o: 'r, R: Responder<'r, 'o>> Responder<'r, 'o> for ClearSiteData<R> {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'o> {
        Response::build_from(self.0.respond_to(request)?)
            .header(Header::new("Clear-Site-Data", r#""cache", "storage""#))
            .ok()
    }
}
