//! For the tests of applications that use this library.

use std::ptr;
use std::sync::atomic::Ordering;

use rocket::Route;
use rocket::http::{Accept, ContentType, Header, MediaType, Method, Status};
use rocket::local::asynchronous::Client;

use crate::request::RequestSession;
use crate::{guard, path};

/// Every route that serves something below `prefix` and does not turn an anonymous visitor away.
///
/// Each route whose path can lie below `prefix`, wherever it is mounted, is asked without a session, whatever cookies
/// the client keeps, until it has answered itself: with several values for what is dynamic in its path and query, with
/// no, one, two and three segments where the end is open, in its own format or in one that no other route has. Routes
/// that answer anything but 401 are listed, with what they answered. A route that another one answered for each time
/// is listed as `not reached`, since nobody knows what it would do, unless a gate turned every visitor away.
///
/// `Sessions::fairing()` tells who has answered: without it no route is reached.
///
/// ```
/// # use rocket::{get, local::asynchronous::Client, routes};
/// # use rocket_session_state::{Sessions, config::{SessionConfig, SessionType}, require_session, session_state};
/// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
/// use rocket_session_state::testing::open_routes;
///
/// #[require_session(Visit)]
/// struct Admin;
///
/// #[get("/reports")]
/// fn reports(_admin: Admin) {}
///
/// #[get("/forgotten")]
/// fn forgotten() {}
///
/// # #[rocket::main] async fn main() {
/// # let mut config = SessionConfig::default();
/// # config.session_type = SessionType::Memory;
/// # let sessions = Sessions::with_config(config);
/// let rocket = rocket::build().attach(sessions).mount("/admin", routes![reports, forgotten]);
/// let client = Client::tracked(rocket).await.unwrap();
/// assert_eq!(open_routes(&client, "/admin").await, ["GET /admin/forgotten: 200 OK"]);
/// # }
/// ```
///
/// An open route's handler runs, so this is for an application over data that may be changed.
pub async fn open_routes(client: &Client, prefix: &str) -> Vec<String> {
    let mut open = Vec::new();
    for route in client.rocket().routes().filter(|route| !guard::never_answers(route)) {
        if let Some(finding) = finding(client, route, prefix).await {
            open.push(format!("{} {}: {finding}", route.method, route.uri));
        }
    }
    open.sort();
    open
}

/// What there is to say of the route; `None` if it is closed, or not below the prefix.
async fn finding(client: &Client, route: &Route, prefix: &str) -> Option<String> {
    let mut someone_else_answered = false;
    for uri in uris(route, prefix) {
        for format in formats(route) {
            let (status, answering) = ask(client, route, &uri, format).await;
            match answering {
                Some(answering) if ptr::eq(answering, route) || guard::is_gate(answering) => {
                    if status != Status::Unauthorized {
                        return Some(status.to_string());
                    }
                    if !guard::is_gate(answering) {
                        return None;
                    }
                }
                _ => someone_else_answered = true,
            }
        }
    }
    someone_else_answered.then(|| "not reached".to_owned())
}

/// Values of the types that routes usually take, `1` first.
const VALUES: [&str; 6] = ["1", "x", "true", "1.5", "2000-01-01", "00000000-0000-4000-8000-000000000000"];

/// The numbers of segments that are tried where a path ends with any number of them.
const RESTS: [usize; 4] = [1, 0, 2, 3];

/// Addresses below the prefix that the route matches, all different.
fn uris(route: &Route, prefix: &str) -> Vec<String> {
    let mut uris = Vec::new();
    for rest in RESTS {
        for value in VALUES {
            let Some(path) = path::example_below(route, prefix, value, rest) else { continue };
            let uri = path + &query(route, value);
            if !uris.contains(&uri) {
                uris.push(uri);
            }
        }
    }
    uris
}

/// The headers in which the route may be asked for its format.
fn formats(route: &Route) -> Vec<Option<Header<'static>>> {
    // It names no `text/html`, except where a route answers nothing else, so that a guard says 401.
    let any_text = Header::new("Accept", "text/*");
    // What no route with a format takes.
    let unknown = Accept::new([MediaType::new("application", "x-open-routes").into()]);
    match &route.format {
        Some(format) if sends_body(route.method) => vec![Some(ContentType(format.clone()).into())],
        None if sends_body(route.method) => vec![None],
        Some(format) if format.is_html() => vec![Some(Accept::Any.into()), Some(any_text)],
        Some(format) => vec![Some(Accept::new([format.clone().into()]).into())],
        None => vec![None, Some(unknown.into())],
    }
}

fn sends_body(method: Method) -> bool {
    matches!(method, Method::Post | Method::Put | Method::Patch | Method::Delete)
}

/// The status of the answer, and the route that was the last to have the request.
async fn ask<'c>(
    client: &'c Client,
    route: &Route,
    uri: &str,
    format: Option<Header<'static>>,
) -> (Status, Option<&'c Route>) {
    // A header of its own is read instead of the client's jar.
    let mut request = client.req(route.method, uri.to_owned()).header(Header::new("Cookie", "nobody=here"));
    if let Some(format) = format {
        request.add_header(format);
    }
    let answered_by = RequestSession::watch(request.inner());
    let status = request.dispatch().await.status();
    let address = answered_by.load(Ordering::Acquire);
    (status, client.rocket().routes().find(|route| ptr::from_ref(*route).addr() == address))
}

/// A query that the route matches.
fn query(route: &Route, value: &str) -> String {
    let fields = route.uri.query().unwrap_or_default().split('&').filter(|field| !field.is_empty());
    let fields: Vec<String> = fields
        .filter(|field| !field.ends_with("..>"))
        .map(|field| match field.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            Some(name) => format!("{name}={value}"),
            None => field.to_owned(),
        })
        .collect();
    if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) }
}
