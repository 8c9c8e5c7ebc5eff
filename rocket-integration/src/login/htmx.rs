//! Requests of htmx, which puts answers into the page that the visitor is on.
//!
//! Versions 2 and 4 send the headers that are read here, and go to `HX-Redirect` whatever the status of the answer is,
//! where it has neither `HX-Location` nor `HX-Refresh`.

use rocket::Request;
use rocket::http::Method;
use rocket::http::uri::Origin;
use rocket_session_state_core::config::Origin as SiteOrigin;

use super::elsewhere;

/// The headers of answers that htmx looks at before, or beside, `HX-Redirect`.
pub(super) const BEFORE_REDIRECT: [&str; 2] = ["HX-Location", "HX-Refresh"];

/// Returns `true` if htmx has sent the request.
pub(super) fn sent(request: &Request<'_>) -> bool {
    says_true(request, "HX-Request")
}

/// The page from which a visitor of htmx is sent to log in.
pub(super) struct From<'r> {
    pub(super) page: Origin<'r>,
    /// `false` if its address is that of another site, or one by which this site does not know itself.
    pub(super) is_here: bool,
}

/// Returns the page from which the visitor is sent to log in, if the request tells: the one that a boosted link leads to,
/// otherwise the one that the visitor is on.
pub(super) fn from<'r>(request: &'r Request<'_>) -> Option<From<'r>> {
    if request.method() == Method::Get && says_true(request, "HX-Boosted") {
        return Some(From { page: request.uri().clone(), is_here: true });
    }
    let (origin, rest) = SiteOrigin::of_url(request.headers().get_one("HX-Current-URL")?).ok()?;
    let page = rest.split('#').next().filter(|page| page.starts_with('/')).unwrap_or("/");
    let is_here = elsewhere::host(request).is_some_and(|host| origin.is_at(host));
    Some(From { page: Origin::parse(page).ok()?, is_here })
}

fn says_true(request: &Request<'_>, name: &str) -> bool {
    request.headers().get_one(name) == Some("true")
}
