//! What a request says of the browser that has sent it.

use rocket::Request;
use rocket_session_state_core::browser;

/// Returns Flask-Login's identifier of the browser: of the first address of `X-Forwarded-For`, or else of the address that
/// has connected. Neither Rocket's `ip_header` nor `X-Real-IP` counts: Flask-Login looks at neither.
pub(super) fn identifier(request: &Request<'_>) -> String {
    let headers = request.headers();
    let peer = request.remote().map(|remote| remote.ip().to_string());
    browser::identifier(headers.get_one("X-Forwarded-For"), peer.as_deref(), headers.get_one("User-Agent"))
}

/// Tells whether a page of another site has the browser load this into itself, such as an image. A link there is a
/// navigation, and its visitor is welcome.
pub(super) fn is_loaded_by_another_site(request: &Request<'_>) -> bool {
    let header = |name| request.headers().get_one(name);
    header("Sec-Fetch-Site") == Some("cross-site") && header("Sec-Fetch-Mode") != Some("navigate")
}

/// Tells whether the browser loads this for the case that the visitor goes there.
pub(super) fn prefetches(request: &Request<'_>) -> bool {
    ["Sec-Purpose", "Purpose", "X-Moz"].iter().any(|name| {
        let says = request.headers().get_one(name).unwrap_or_default();
        says.split([';', ',']).any(|purpose| purpose.trim().eq_ignore_ascii_case("prefetch"))
    })
}
