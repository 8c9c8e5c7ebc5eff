//! Headers of an answer that are changed in place: a new `Response` would lose those of the server and of
//! other fairings.

use rocket::Response;

/// Headers that describe the body and the target of an answer.
const OF_THE_OLD_ANSWER: [&str; 13] = [
    "WWW-Authenticate",
    "Location",
    "Content-Type",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Range",
    "Accept-Ranges",
    "ETag",
    "Last-Modified",
    "Expires",
    "Cache-Control",
];

/// Removes what describes an answer that is about to be replaced.
pub(crate) fn clear(response: &mut Response<'_>) {
    for header in OF_THE_OLD_ANSWER {
        response.remove_header(header);
    }
}

/// Tells caches not to keep the answer, unless the application has said what they may do.
pub(crate) fn forbid_caching(response: &mut Response<'_>) {
    if response.headers().get_one("Cache-Control").is_none() {
        response.set_raw_header("Cache-Control", "no-store");
    }
}

/// Adds `Cookie` to the first `Vary` header, unless one names it already.
pub(crate) fn vary_by_cookie(response: &mut Response<'_>) {
    let mut lines: Vec<String> = response.headers().get("Vary").map(str::to_owned).collect();
    let named = |line: &String| line.split(',').any(|token| token.trim().eq_ignore_ascii_case("cookie"));
    if lines.iter().any(named) {
        return;
    }
    match lines.first_mut() {
        None => lines.push("Cookie".to_owned()),
        Some(first) if first.trim().is_empty() => *first = "Cookie".to_owned(),
        Some(first) => first.push_str(", Cookie"),
    }
    response.remove_header("Vary");
    for line in lines {
        response.adjoin_raw_header("Vary", line);
    }
}
