//! Headers of an answer that are changed in place: a new `Response` would lose those of the server and of
//! other fairings.

use rocket::Response;
use rocket::http::uncased::UncasedStr;

/// Headers that an answer keeps when it is replaced: those that restrict what a browser does with any answer of the
/// site, those that let a script of another origin see the status, and those that name server and request.
///
/// Fairings set them, but by the time that is known Rocket has put them beside those of the handler. All others speak of
/// the old answer: its body, its target (`Location`, `X-Accel-Redirect`, `HX-Redirect`, `Refresh`), its cookies.
/// Nobody knows all of those, so this names what stays.
const STAYING: [&str; 25] = [
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Content-Security-Policy",
    "Content-Security-Policy-Report-Only",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Date",
    "Expect-CT",
    "Origin-Agent-Cluster",
    "Permissions-Policy",
    "Referrer-Policy",
    "Reporting-Endpoints",
    "Server",
    "Strict-Transport-Security",
    "Traceparent",
    "Vary",
    "X-Content-Type-Options",
    "X-Correlation-ID",
    "X-DNS-Prefetch-Control",
    "X-Frame-Options",
    "X-Permitted-Cross-Domain-Policies",
    "X-Request-ID",
    "X-XSS-Protection",
];

/// Removes what belongs to an answer that is about to be replaced.
pub(crate) fn clear(response: &mut Response<'_>) {
    let stays = |name: &UncasedStr| STAYING.iter().any(|staying| name == *staying);
    let going = response.headers().iter().filter(|header| !stays(header.name()));
    let going: Vec<String> = going.map(|header| header.name().to_string()).collect();
    for name in going {
        response.remove_header(&name);
    }
}

/// Tells caches not to keep the answer, unless the application has said what they may do.
pub(crate) fn forbid_caching(response: &mut Response<'_>) {
    if response.headers().get_one("Cache-Control").is_none() {
        response.set_raw_header("Cache-Control", "no-store");
    }
}

/// What the `Cache-Control` of an answer says about caches that serve everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// They keep nothing.
    Forbidden,
    /// They may keep it, as caches may keep whatever does not forbid it.
    NotForbidden,
    /// They are meant to keep it.
    Wanted,
}

/// Reads what the application has said about shared caches.
pub(crate) fn sharing(response: &Response<'_>) -> Sharing {
    let mut found = Sharing::NotForbidden;
    for directive in directives(response) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
        if is("no-store") || is("private") && value.is_empty() {
            return Sharing::Forbidden;
        }
        let lasts = value.trim().trim_matches('"').bytes().any(|byte| byte != b'0');
        if is("public") || (is("s-maxage") || is("max-age")) && lasts {
            found = Sharing::Wanted;
        }
    }
    found
}

/// Lets only the visitor's own browser keep the answer.
pub(crate) fn forbid_sharing(response: &mut Response<'_>) {
    let mut kept = vec!["private"];
    kept.extend(directives(response).filter(|directive| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        !["public", "s-maxage"].iter().any(|shared| name.eq_ignore_ascii_case(shared))
    }));
    let line = kept.join(", ");
    response.set_raw_header("Cache-Control", line);
}

/// The parts of the `Cache-Control` lines.
fn directives<'r>(response: &'r Response<'_>) -> impl Iterator<Item = &'r str> {
    let lines = response.headers().get("Cache-Control");
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|directive| !directive.is_empty())
}

/// Adds `Cookie` to the first `Vary` header, unless one names it already.
pub(crate) fn vary_by_cookie(response: &mut Response<'_>) {
    vary_by(response, "Cookie");
}

/// Adds the name of a request's header to the first `Vary` header, unless one names it already.
pub(crate) fn vary_by(response: &mut Response<'_>, name: &str) {
    let mut lines: Vec<String> = response.headers().get("Vary").map(str::to_owned).collect();
    let named = |line: &String| line.split(',').any(|token| token.trim().eq_ignore_ascii_case(name));
    if lines.iter().any(named) {
        return;
    }
    match lines.first_mut() {
        None => lines.push(name.to_owned()),
        Some(first) if first.trim().is_empty() => name.clone_into(first),
        Some(first) => {
            first.push_str(", ");
            first.push_str(name);
        }
    }
    response.remove_header("Vary");
    for line in lines {
        response.adjoin_raw_header("Vary", line);
    }
}
