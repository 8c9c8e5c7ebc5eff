//! The way to the login page, in place of a guard's bare 401.

use std::panic::{self, AssertUnwindSafe};

use rocket::http::uri::{Origin, Reference};
use rocket::http::{Method, Status};
use rocket::response::Body;
use rocket::{Request, Response};
use rocket_session_state_core::config::Origin as SiteOrigin;

use super::next::Next;
use super::pages::LoginPages;
use super::target::LoginTarget;
use super::{elsewhere, htmx};
use crate::headers;

/// Makes of the 401 of a guard with a login page a redirect there, if a browser asked for a page, or tells htmx where to go.
///
/// A 401 that no guard of this library caused stays as the application made it, and so does the answer to
/// a POST of a form: what it sent would be lost on the way.
pub(crate) fn send_to_login<'r>(request: &'r Request<'_>, response: &mut Response<'r>, login: LoginTarget) {
    let is_htmx = htmx::sent(request);
    if response.status() != Status::Unauthorized || !(is_htmx || asks_for_page(request)) {
        return;
    }
    let Some(pages) = request.rocket().state::<LoginPages>() else { return };
    let (from, next) = if is_htmx {
        let from = htmx::from(request);
        let next = from.as_ref().filter(|from| from.is_here).map(|from| Next::of(&from.page, pages));
        (from.map(|from| from.page), next.unwrap_or_default())
    } else {
        (Some(request.uri().clone()), Next::of(request.uri(), pages))
    };
    let (method, path) = (request.method(), request.uri().path());
    // Rocket catches no panic in a fairing, and the address is made by the application.
    let here = elsewhere::here(request);
    let location = panic::catch_unwind(AssertUnwindSafe(|| login.uri_from(next, here.as_deref())));
    let Ok(location) = location else {
        log::error!("{method} {path}: the address of the login page can't be made: `login` has panicked");
        return;
    };
    if !leads_on(request, pages, from.as_ref(), &location) {
        if is_htmx {
            // On the login page itself a fragment may ask for a login, such as a menu in the head of every page.
            log::info!("{method} {path}: a login page has sent this, and going there again would loop: 401");
        } else {
            log::warn!("login page {path} is itself guarded: redirecting there would loop");
        }
        return;
    }
    let shown = without_query(&location);
    if is_htmx {
        log::info!("{method} {path}: the visitor has to log in first, htmx is sent (HX-Redirect) to {shown}");
        for name in htmx::BEFORE_REDIRECT {
            response.remove_header(name);
        }
        response.set_raw_header("HX-Redirect", location.to_string());
        headers::vary_by(response, "HX-Request");
    } else {
        log::info!("{method} {path}: the visitor has to log in first, redirected (303) to {shown}");
        headers::clear(response);
        *response.body_mut() = Body::default();
        response.set_status(Status::SeeOther);
        response.set_raw_header("Location", location.to_string());
    }
    response.set_raw_header("Cache-Control", "no-store");
}

/// Returns `true` if `text/html` itself is acceptable for what is read; `*/*` is what programs send.
fn asks_for_page(request: &Request<'_>) -> bool {
    // Rocket has made a GET of a HEAD request that has no route of its own.
    matches!(request.method(), Method::Get | Method::Head)
        && request.accept().is_some_and(|accept| {
            accept.iter().any(|accepted| accepted.media_type().is_html() && accepted.weight_or(1.0) > 0.0)
        })
}

/// Returns `true` if a visitor who goes from one page to a login page never comes back to it from there by itself.
fn leads_on(
    request: &Request<'_>,
    pages: &LoginPages,
    from: Option<&Origin<'_>>,
    location: &Reference<'_>,
) -> bool {
    let address = location.to_string();
    let is_elsewhere = location.authority().is_some()
        && !SiteOrigin::of_url(&address)
            .is_ok_and(|(origin, _)| elsewhere::host(request).is_some_and(|host| origin.is_at(host)));
    let path = location.path().as_str();
    // A path of another site may be called like one of this.
    is_elsewhere || from.is_none_or(|from| pages.allow_redirect(from.path().as_str(), path))
}

fn without_query(location: &Reference<'_>) -> String {
    let mut address = location.to_string();
    address.truncate(address.find('?').unwrap_or(address.len()));
    address
}
