//! Paths, segment by segment, as Rocket's router sees them: empty segments do not count, and the others are
//! compared after percent-decoding.

use std::borrow::Cow;

use rocket::Route;
use rocket::http::RawStr;

/// One segment of a route's path.
enum Segment<'r> {
    Static(&'r str),
    /// `<name>`: any one segment.
    One,
    /// `<name..>`: all that follow, also none.
    Rest,
}

/// Returns `true` if the route's path matches `path`.
pub(crate) fn matches(route: &Route, path: &str) -> bool {
    let mut path = segments(path);
    for segment in pattern(route) {
        let matched = match (segment, path.next()) {
            (Segment::Rest, _) => return true,
            (Segment::One, given) => given.is_some(),
            (Segment::Static(own), given) => given.is_some_and(|given| equal(own, given)),
        };
        if !matched {
            return false;
        }
    }
    path.next().is_none()
}

/// A path below `prefix` that the route matches, if there is one: `value` stands for each segment that can be anything,
/// and `rest` times at the end where that is open.
pub(crate) fn example_below(route: &Route, prefix: &str, value: &str, rest: usize) -> Option<String> {
    let mut prefix = segments(prefix);
    let mut example = String::new();
    let mut push = |segment: &str| {
        example.push('/');
        example.push_str(segment);
    };
    for segment in pattern(route) {
        match (segment, prefix.next()) {
            (Segment::Static(own), Some(given)) if !equal(own, given) => return None,
            (Segment::Static(own), _) => push(own),
            (Segment::One, given) => push(given.unwrap_or(value)),
            (Segment::Rest, given) => {
                given.into_iter().chain(prefix.by_ref()).for_each(&mut push);
                (0..rest).for_each(|_| push(value));
            }
        }
    }
    prefix.next().is_none().then(|| if example.is_empty() { "/".to_owned() } else { example })
}

/// Returns `true` if `path` is `prefix` or lies below it.
pub(crate) fn is_below(path: &str, prefix: &str) -> bool {
    let mut path = segments(path);
    segments(prefix).all(|segment| path.next().is_some_and(|given| equal(segment, given)))
}

fn pattern(route: &Route) -> impl Iterator<Item = Segment<'_>> {
    segments(route.uri.path()).map(|segment| {
        match segment.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            Some(name) if name.ends_with("..") => Segment::Rest,
            Some(_) => Segment::One,
            None => Segment::Static(segment),
        }
    })
}

/// The number of segments.
pub(crate) fn depth(path: &str) -> usize {
    segments(path).count()
}

/// One spelling for all paths that the router takes for one: `/login`, `//login/` and `/%6cogin`.
pub(crate) fn canonical(path: &str) -> String {
    segments(path).map(decoded).collect::<Vec<_>>().join("/")
}

/// Returns `true` if a segment of the path means this folder or the one above, encoded or not.
pub(crate) fn has_dot_segment(path: &str) -> bool {
    segments(path).any(|segment| dots(segment).is_some())
}

/// The path without dot segments; `None` if it has none.
///
/// Rocket routes dot segments as they are written, and a `FileServer` resolves them afterwards. So
/// `/x/../admin/file` would be routed past whatever guards `/admin`, and yet give a file of that folder.
pub(crate) fn normalize(path: &str) -> Option<String> {
    if !has_dot_segment(path) {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in segments(path) {
        match dots(segment) {
            None => kept.push(segment),
            Some(Dots::ThisFolder) => {}
            Some(Dots::FolderAbove) => {
                kept.pop();
            }
        }
    }
    let slash = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    Some(format!("/{}{slash}", kept.join("/")))
}

/// The meaning of a segment that consists of dots.
enum Dots {
    ThisFolder,
    FolderAbove,
}

/// Reads a dot segment, encoded or not. It is asked of every request, and so allocates nothing.
fn dots(segment: &str) -> Option<Dots> {
    let after_dot = |text: &str| {
        let length = if text.starts_with('.') { 1 } else { 3 };
        let is_dot = length == 1 || text.get(..3).is_some_and(|dot| dot.eq_ignore_ascii_case("%2e"));
        is_dot.then_some(length)
    };
    let rest = segment.get(after_dot(segment)?..)?;
    match rest {
        "" => Some(Dots::ThisFolder),
        rest => (after_dot(rest)? == rest.len()).then_some(Dots::FolderAbove),
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn equal(one: &str, other: &str) -> bool {
    decoded(one) == decoded(other)
}

fn decoded(segment: &str) -> Cow<'_, str> {
    RawStr::new(segment).percent_decode_lossy()
}

#[cfg(test)]
mod tests {
    use rocket::http::Method;
    use rocket::route::dummy_handler;

    use super::*;

    fn route(uri: &str) -> Route {
        Route::new(Method::Get, uri, dummy_handler)
    }

    #[test]
    fn a_path_is_served_by_a_route_whose_pattern_it_fits() {
        for (uri, path) in
            [("/login", "/login"), ("/<page>", "/login"), ("/<a..>", "/"), ("/a/<b>/<c..>", "/a/b")]
        {
            assert!(matches(&route(uri), path), "{uri} {path}");
        }
        for (uri, path) in [("/login", "/"), ("/", "/login"), ("/<page>", "/a/b"), ("/a/<b>", "/a")] {
            assert!(!matches(&route(uri), path), "{uri} {path}");
        }
    }

    #[test]
    fn a_route_reaches_below_a_prefix_also_from_above() {
        for (uri, example) in [
            ("/admin", Some("/admin")),
            ("/admin/<id>/edit", Some("/admin/1/edit")),
            ("/admin/<path..>", Some("/admin/1")),
            ("/<path..>", Some("/admin/1")),
            ("/<section>/<id>", Some("/admin/1")),
            ("/", None),
            ("/administrator", None),
            ("/orders/<id>", None),
        ] {
            assert_eq!(example_below(&route(uri), "/admin", "1", 1).as_deref(), example, "{uri}");
        }
        for (rest, example) in ["/admin/x", "/admin/x/a", "/admin/x/a/a"].into_iter().enumerate() {
            let uri = "/<section>/<path..>";
            assert_eq!(example_below(&route(uri), "/admin/x", "a", rest).as_deref(), Some(example));
        }
    }

    #[test]
    fn a_path_leads_where_a_browser_or_a_file_system_would_go() {
        for (written, meant) in [
            ("/x/../admin/f", "/admin/f"),
            ("/./admin/f", "/admin/f"),
            ("/%2E/admin/f", "/admin/f"),
            ("/x/%2e%2e/admin/f", "/admin/f"),
            ("/x/.%2e/admin", "/admin"),
            ("/../../admin", "/admin"),
            ("/x/..//admin/f", "/admin/f"),
            ("/admin/..", "/"),
            ("/admin/x/.", "/admin/x"),
            ("/x/../admin/", "/admin/"),
            ("/../", "/"),
        ] {
            assert_eq!(normalize(written).as_deref(), Some(meant), "{written}");
        }
        for plain in [
            "/",
            "/admin/f",
            "/a.b/..c/...",
            "/x/..%2fadmin",
            "/%252e%252e/admin",
            "/.../%2e%2e%2e",
            "/%2",
            "/.é",
        ] {
            assert_eq!(normalize(plain), None, "{plain}");
        }
    }
}
