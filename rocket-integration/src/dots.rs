//! Paths with `.` and `..` in them.
//!
//! Rocket routes them as they are written, and a `FileServer` resolves them afterwards. So `/x/../admin/file`
//! would not be routed past a gate at `/admin`, and yet give a file of that folder.

use rocket::Request;
use rocket::http::uri::Origin;

/// Makes the request one for the page that its path leads to.
pub(crate) fn resolve(request: &mut Request<'_>) {
    let Some(path) = resolved(request.uri().path().as_str()) else { return };
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    // Only whole segments were taken out, so it parses as well as before.
    let uri = Origin::parse_owned(path + &query).unwrap_or_else(|_| rocket::uri!("/"));
    request.set_uri(uri);
}

/// Whether a segment of a path means this folder or the one above, encoded or not.
pub(crate) fn is_dots(segment: &str) -> bool {
    matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "." | "..")
}

/// The path without such segments, if it has any.
fn resolved(path: &str) -> Option<String> {
    let segments = || path.split('/').filter(|segment| !segment.is_empty());
    if !segments().any(is_dots) {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in segments() {
        match segment.len() {
            _ if !is_dots(segment) => kept.push(segment),
            // `.` or `%2e`
            1 | 3 => {}
            _ => {
                kept.pop();
            }
        }
    }
    Some(format!("/{}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(resolved(written).as_deref(), Some(meant), "{written}");
        }
        for plain in ["/", "/admin/f", "/a.b/..c/...", "/x/..%2fadmin", "/%252e%252e/admin"] {
            assert_eq!(resolved(plain), None, "{plain}");
        }
    }
}
