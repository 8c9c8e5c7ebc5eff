//! The routes that let everybody in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{ptr, vec};

use rocket::http::{Accept, ContentType, Header, MediaType, Method, Status};
use rocket::local::asynchronous::Client;
use rocket::{Orbit, Request, Rocket, Route};

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
    let mut inquiries = Inquiries::below(prefix, client.rocket());
    while let Some(question) = inquiries.next_question() {
        let mut request = client.req(question.method, question.uri.clone());
        let answered_by = question.prepare(request.inner_mut());
        let status = request.dispatch().await.status();
        inquiries.hear(status, &answered_by);
    }
    inquiries.report()
}

/// Finds out about every route below a prefix, one question after another; whoever asks them, and waits for the answers.
pub(super) struct Inquiries<'r> {
    rocket: &'r Rocket<Orbit>,
    waiting: vec::IntoIter<Inquiry<'r>>,
    current: Option<Inquiry<'r>>,
    open: Vec<String>,
}

impl<'r> Inquiries<'r> {
    pub(super) fn below(prefix: &str, rocket: &'r Rocket<Orbit>) -> Self {
        let routes = rocket.routes().filter(|route| !guard::never_answers(route));
        let waiting: Vec<_> = routes.map(|route| Inquiry::about(route, prefix)).collect();
        Inquiries { rocket, waiting: waiting.into_iter(), current: None, open: Vec::new() }
    }

    pub(super) fn next_question(&mut self) -> Option<Question> {
        loop {
            if let Some(mut inquiry) = self.current.take() {
                if let Some(question) = inquiry.questions.next() {
                    self.current = Some(inquiry);
                    return Some(question);
                }
                self.open.extend(inquiry.finding());
            }
            self.current = Some(self.waiting.next()?);
        }
    }

    /// Takes the answer to the last question: its status and what [`prepare`](Question::prepare) has returned.
    pub(super) fn hear(&mut self, status: Status, answered_by: &AtomicUsize) {
        let address = answered_by.load(Ordering::Acquire);
        let answering = self.rocket.routes().find(|route| ptr::from_ref(*route).addr() == address);
        if let Some(inquiry) = &mut self.current {
            inquiry.hear(status, answering);
        }
    }

    /// Returns the open routes, in order.
    pub(super) fn report(mut self) -> Vec<String> {
        self.open.sort();
        self.open
    }
}

/// What is still to be asked of one route, and what was heard.
struct Inquiry<'r> {
    route: &'r Route,
    questions: vec::IntoIter<Question>,
    someone_else_answered: bool,
    /// The status of an answer that lets everybody in.
    lets_in: Option<Status>,
}

impl<'r> Inquiry<'r> {
    fn about(route: &'r Route, prefix: &str) -> Self {
        let mut questions = Vec::new();
        for uri in uris(route, prefix) {
            for format in formats(route) {
                questions.push(Question { method: route.method, uri: uri.clone(), format });
            }
        }
        Inquiry { route, questions: questions.into_iter(), someone_else_answered: false, lets_in: None }
    }

    fn hear(&mut self, status: Status, answering: Option<&Route>) {
        let itself = answering.is_some_and(|answering| ptr::eq(answering, self.route));
        let gate = answering.is_some_and(guard::is_gate);
        if !itself && !gate {
            self.someone_else_answered = true;
            return;
        }
        if status != Status::Unauthorized {
            self.lets_in = Some(status);
        } else if !itself {
            return;
        } else {
            self.someone_else_answered = false;
        }
        // The route itself has said what it does.
        self.questions = Vec::new().into_iter();
    }

    /// What there is to say of the route; `None` if it is closed, or not below the prefix.
    fn finding(&self) -> Option<String> {
        let finding = match self.lets_in {
            Some(status) => status.to_string(),
            None if self.someone_else_answered => "not reached".to_owned(),
            None => return None,
        };
        Some(format!("{} {}: {finding}", self.route.method, self.route.uri))
    }
}

/// A request without a session.
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) uri: String,
    format: Option<Header<'static>>,
}

impl Question {
    /// Makes the request one without a session, and returns where the address of the route will be that is the last to have it.
    pub(super) fn prepare(self, request: &mut Request<'_>) -> Arc<AtomicUsize> {
        // A header of its own is read instead of the client's jar.
        request.add_header(Header::new("Cookie", "nobody=here"));
        if let Some(format) = self.format {
            request.add_header(format);
        }
        RequestSession::watch(request)
    }
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
