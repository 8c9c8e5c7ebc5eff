//! What becomes of the 401 of a guard: browsers are sent to the login page.

use rocket::http::{Method, Status};
use rocket::response::Body;
use rocket::{Request, Response};

use crate::guard::LoginTarget;
use crate::login_pages::Detours;
use crate::next::Next;
use crate::replace::clear;

/// Turns the 401 of a guard with a login page into a redirect there, if a browser asked for a page.
///
/// In place: a new `Response` would lose the headers of the server and of other fairings. A 401 that no
/// guard of this library caused stays as the application made it, and so does the answer to a POST:
/// what it sent would be lost on the way.
pub(crate) fn redirect<'r>(
    request: &'r Request<'_>,
    response: &mut Response<'r>,
    login: LoginTarget,
    detours: &Detours,
) {
    // Rocket has made a GET of a HEAD request that has no route of its own.
    let asks_for_page = matches!(request.method(), Method::Get | Method::Head) && names_html(request);
    if response.status() != Status::Unauthorized || !asks_for_page {
        return;
    }
    let location = login.uri(Next::of(request.uri()));
    if !detours.allow(request.uri().path().as_str(), location.path().as_str()) {
        log::warn!(
            "{} is a login page that its own guard, or that of another login page, keeps visitors from",
            request.uri().path()
        );
        return;
    }
    clear(response);
    *response.body_mut() = Body::default();
    response.set_status(Status::SeeOther);
    response.set_raw_header("Location", location.to_string());
    response.set_raw_header("Cache-Control", "no-store");
}

/// Whether `text/html` itself is acceptable; `*/*` is what programs send.
fn names_html(request: &Request<'_>) -> bool {
    request.accept().is_some_and(|accept| {
        accept.iter().any(|accepted| accepted.media_type().is_html() && accepted.weight_or(1.0) > 0.0)
    })
}
