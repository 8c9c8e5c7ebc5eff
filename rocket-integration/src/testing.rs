//! For the tests of applications that use this library.

use rocket::Route;
use rocket::http::{Accept, ContentType, Header, Method, Status};
use rocket::local::asynchronous::Client;

use crate::{guard, path};

/// Every route that serves something below `prefix` and does not turn an anonymous visitor away.
///
/// Each route whose path can lie below `prefix`, wherever it is mounted, is asked once, with `1` for
/// what is dynamic in its path and query, in its own format and without a session, whatever cookies
/// the client keeps. Routes that answer anything but 401 are listed, with what they answered:
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
        let Some(path) = path::example_below(route, prefix) else { continue };
        let status = ask(client, route, path + &query(route)).await;
        if status != Status::Unauthorized {
            open.push(format!("{} {}: {status}", route.method, route.uri));
        }
    }
    open.sort();
    open
}

/// It names no `text/html`, except where a route answers nothing else, so that a guard says 401.
async fn ask(client: &Client, route: &Route, uri: String) -> Status {
    // A header of its own is read instead of the client's jar.
    let mut request = client.req(route.method, uri).header(Header::new("Cookie", "nobody=here"));
    if let Some(format) = &route.format {
        request = match route.method {
            Method::Post | Method::Put | Method::Patch | Method::Delete => {
                request.header(ContentType(format.clone()))
            }
            _ if format.is_html() => request.header(Accept::Any),
            _ => request.header(Accept::new([format.clone().into()])),
        };
    }
    request.dispatch().await.status()
}

/// A query that the route matches.
fn query(route: &Route) -> String {
    let fields = route.uri.query().unwrap_or_default().split('&').filter(|field| !field.is_empty());
    let fields: Vec<String> = fields
        .filter(|field| !field.ends_with("..>"))
        .map(|field| match field.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            Some(name) => format!("{name}=1"),
            None => field.to_owned(),
        })
        .collect();
    if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) }
}
