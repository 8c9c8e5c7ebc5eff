//! The redirect of a browser to the login page, in place of a guard's 401.

use std::panic::{self, AssertUnwindSafe};

use rocket::http::{Method, Status};
use rocket::response::Body;
use rocket::{Request, Response};

use super::next::Next;
use super::pages::LoginPages;
use super::target::LoginTarget;
use crate::headers;

/// Turns the 401 of a guard with a login page into a redirect there, if a browser asked for a page.
///
/// A 401 that no guard of this library caused stays as the application made it, and so does the answer to
/// a POST: what it sent would be lost on the way.
pub(crate) fn redirect_to_login<'r>(
    request: &'r Request<'_>,
    response: &mut Response<'r>,
    login: LoginTarget,
) {
    // Rocket has made a GET of a HEAD request that has no route of its own.
    let asks_for_page = matches!(request.method(), Method::Get | Method::Head) && names_html(request);
    if response.status() != Status::Unauthorized || !asks_for_page {
        return;
    }
    let Some(pages) = request.rocket().state::<LoginPages>() else { return };
    let path = request.uri().path();
    // Rocket catches no panic in a fairing, and the address is made by the application.
    let location = panic::catch_unwind(AssertUnwindSafe(|| login.uri(Next::of(request.uri(), pages))));
    let Ok(location) = location else {
        log::error!(
            "{} {path}: the address of the login page can't be made: `login` has panicked",
            request.method()
        );
        return;
    };
    if !pages.allow_redirect(path.as_str(), location.path().as_str()) {
        log::warn!("login page {path} is itself guarded: redirecting there would loop");
        return;
    }
    log::info!(
        "{} {path}: the visitor has to log in first, redirected (303) to {}",
        request.method(),
        location.path()
    );
    headers::clear(response);
    *response.body_mut() = Body::default();
    response.set_status(Status::SeeOther);
    response.set_raw_header("Location", location.to_string());
    response.set_raw_header("Cache-Control", "no-store");
}

/// Returns `true` if `text/html` itself is acceptable; `*/*` is what programs send.
fn names_html(request: &Request<'_>) -> bool {
    request.accept().is_some_and(|accept| {
        accept.iter().any(|accepted| accepted.media_type().is_html() && accepted.weight_or(1.0) > 0.0)
    })
}
