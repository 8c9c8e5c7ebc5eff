//! A `Secure` cookie that goes out over plain HTTP is dropped by the browser without a word. This says so, once.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use rocket::Request;
use rocket::http::uri::Host;

/// Warns about the first such cookie of an application.
#[derive(Default)]
pub(crate) struct PlainHttpWarning(AtomicBool);

impl PlainHttpWarning {
    /// Looks at each `Set-Cookie` header of a session before it is sent.
    pub(crate) fn check(&self, request: &Request<'_>, set_cookie: &str) {
        if self.0.load(Ordering::Relaxed) || !set_cookie.contains("; Secure") {
            return;
        }
        let Some(host) = request.host().filter(|host| !is_this_machine(host)) else { return };
        if shows_https(request) || self.0.swap(true, Ordering::Relaxed) {
            return;
        }
        log::warn!(
            "{} {}: the session cookie is `Secure`, and nothing shows that {host} was asked by HTTPS: over plain \
             HTTP the browser drops the cookie, and nobody stays logged in. Behind a proxy that speaks HTTPS, let \
             it send `X-Forwarded-Proto`. To use plain HTTP, write `session_cookie_secure = false`",
            request.method(),
            request.uri().path()
        );
    }
}

/// Returns `true` if the host is this machine, for which browsers take `Secure` cookies over plain HTTP, too.
fn is_this_machine(host: &Host<'_>) -> bool {
    let name = host.domain();
    let address = name.as_str().trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost"
        || name.as_str().rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case("localhost"))
        || address.is_ok_and(|address| address.is_loopback())
}

/// Returns `true` if Rocket or a proxy in front of it has spoken HTTPS with the browser.
fn shows_https(request: &Request<'_>) -> bool {
    let config = request.rocket().config();
    let says = |name: &str, token: &str| {
        let mut values = request.headers().get(name).flat_map(|line| line.split([',', ';']));
        values.any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    config.tls_enabled()
        || says("X-Forwarded-Proto", "https")
        || says("Forwarded", "proto=https")
        || says("Forwarded", "proto=\"https\"")
        || says("X-Forwarded-Scheme", "https")
        || says("X-Forwarded-Ssl", "on")
        || says("Front-End-Https", "on")
        || configured_header(request).is_some_and(|name| says(&name, "https"))
}

/// The header by which the proxy tells the protocol, where the configuration names one (`proxy_proto_header`, a key
/// of newer versions of Rocket).
fn configured_header(request: &Request<'_>) -> Option<String> {
    request.rocket().figment().extract_inner("proxy_proto_header").ok()
}
