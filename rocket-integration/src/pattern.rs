//! The path of a route, segment by segment.

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

/// Whether the route's path matches `path`.
pub(crate) fn matches(route: &Route, path: &str) -> bool {
    let mut path = segments(path);
    for segment in pattern(route) {
        let matched = match (segment, path.next()) {
            (Segment::Rest, _) => return true,
            (Segment::One, given) => given.is_some(),
            (Segment::Static(own), given) => given.is_some_and(|given| same(own, given)),
        };
        if !matched {
            return false;
        }
    }
    path.next().is_none()
}

/// A path below `prefix` that the route matches, if there is one; `1` stands for what can be anything.
pub(crate) fn example_below(route: &Route, prefix: &str) -> Option<String> {
    let mut prefix = segments(prefix);
    let mut example = String::new();
    let mut push = |segment: &str| {
        example.push('/');
        example.push_str(segment);
    };
    for segment in pattern(route) {
        match (segment, prefix.next()) {
            (Segment::Static(own), Some(given)) if !same(own, given) => return None,
            (Segment::Static(own), _) => push(own),
            (Segment::One, given) => push(given.unwrap_or("1")),
            (Segment::Rest, given) => {
                given.into_iter().chain(prefix.by_ref()).for_each(&mut push);
                push("1");
            }
        }
    }
    prefix.next().is_none().then(|| if example.is_empty() { "/".to_owned() } else { example })
}

/// Whether `path` is `prefix` or lies below it.
pub(crate) fn is_below(path: &str, prefix: &str) -> bool {
    let mut path = segments(path);
    segments(prefix).all(|segment| path.next().is_some_and(|given| same(segment, given)))
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

/// Rocket sees no empty segments when it matches.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn same(one: &str, other: &str) -> bool {
    RawStr::new(one).percent_decode_lossy() == RawStr::new(other).percent_decode_lossy()
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
            assert_eq!(example_below(&route(uri), "/admin").as_deref(), example, "{uri}");
        }
    }
}
