//! The fairing around the routes: it saves the session and sends its cookie.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::futures::FutureExt as _;
use rocket::http::uri::Origin;
use rocket::http::{Method, Status};
use rocket::{Data, Request, Response};
use rocket_session_state_core::manager::Closed;
use rocket_session_state_core::session::{SaveError, Session};

use super::plain_http::PlainHttpWarning;
use super::replace::replace;
use super::shared_caches::SharedCaches;
use crate::context::SessionContext;
use crate::headers::{Sharing, forbid_caching, sharing, vary_by_cookie};
use crate::login::send_to_login;
use crate::path;
use crate::request::{Opened, RequestSession};

/// The fairing that saves, attached by [`SessionFairing`](crate::SessionFairing) while it ignites.
#[derive(Default)]
pub(crate) struct SaveSessions {
    plain_http: PlainHttpWarning,
    shared_caches: SharedCaches,
}

// What `#[async_trait]` makes of an `async fn` is written out: a boxed state machine for each hook of each request
// was half of what an untouched page cost.
impl Fairing for SaveSessions {
    fn info(&self) -> Info {
        Info { name: "Sessions: save", kind: Kind::Request | Kind::Response }
    }

    fn on_request<'s, 'r, 'q, 'd, 'b, 'f>(
        &'s self,
        request: &'r mut Request<'q>,
        _: &'d mut Data<'b>,
    ) -> Hook<'f>
    where
        's: 'f,
        'r: 'f,
        'q: 'f,
        'd: 'f,
        'b: 'f,
    {
        // Whatever the application guards, and however: a path means one page.
        resolve_dot_segments(request);
        Box::pin(Done)
    }

    // Rocket catches no panic in a fairing: nothing here may panic, and what is the application's own is caught, which
    // is its clock, its merge functions and how its types are compared and serialized.
    fn on_response<'r, 's, 'q, 'a, 'f>(
        &'s self,
        request: &'r Request<'q>,
        response: &'a mut Response<'r>,
    ) -> Hook<'f>
    where
        'r: 'f,
        's: 'f,
        'q: 'f,
        'a: 'f,
    {
        let Some(in_request) = RequestSession::existing(request) else { return Box::pin(Done) };
        let Some(context) = request.rocket().state::<SessionContext>() else { return Box::pin(Done) };
        in_request.tell_route(request);
        if in_request.guarded.load(Ordering::Relaxed) {
            let login = *in_request.pending_login.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(login) = login {
                send_to_login(request, response, login);
            }
            forbid_caching(response);
        }
        match in_request.opened() {
            Opened::Untouched => Box::pin(Done),
            Opened::Failed { handled: true } => {
                depends_on_session(response);
                Box::pin(Done)
            }
            Opened::Failed { handled: false } => {
                Box::pin(refuse(request, response, Status::ServiceUnavailable))
            }
            Opened::Refused => Box::pin(refuse(request, response, Status::Forbidden)),
            Opened::Session(session) => {
                let manager = &context.manager;
                let present = Present::among(response);
                if present.cache_control && sharing(response) == Sharing::Wanted {
                    // A cookie that only extends would be left out.
                    session.keep_life();
                }
                let closed = panic::catch_unwind(AssertUnwindSafe(|| {
                    let now = context.now(request);
                    (now, manager.close_now(session, now))
                }));
                match closed {
                    Ok((_, Some(Ok(closed)))) => {
                        self.send(request, response, present, closed);
                        in_request.note_streaming_use(request);
                        Box::pin(Done)
                    }
                    Ok((_, Some(Err(error)))) => {
                        Box::pin(async move { fail(request, response, &error).await })
                    }
                    Ok((now, None)) => Box::pin(async move {
                        let saving = manager.save_and_close(session, now);
                        match AssertUnwindSafe(saving).catch_unwind().await {
                            Ok(Ok(closed)) => self.send(request, response, present, closed),
                            Ok(Err(error @ SaveError::Renewed)) if is_read(request) => {
                                // The page was made for a new visitor, and is right as it is.
                                error.log(request);
                                self.send(
                                    request,
                                    response,
                                    present,
                                    Closed { vary_cookie: true, ..Closed::default() },
                                );
                            }
                            failed => {
                                match failed {
                                    Ok(Err(error)) => fail(request, response, &error).await,
                                    _ => panicked(request, response, session).await,
                                }
                                let set_cookie = manager.acknowledged_cookie(session, now);
                                self.send_acknowledged(request, response, set_cookie);
                            }
                        }
                        in_request.note_streaming_use(request);
                    }),
                    Err(_) => Box::pin(async move {
                        panicked(request, response, session).await;
                        // The application's clock may be what has panicked; the session's own goes on.
                        let set_cookie = manager.acknowledged_cookie(session, session.now());
                        self.send_acknowledged(request, response, set_cookie);
                    }),
                }
            }
        }
    }
}

impl SaveSessions {
    /// Says in the answer what the session has to say: its cookie, and that the answer depends on it.
    fn send(&self, request: &Request<'_>, response: &mut Response<'_>, mut present: Present, closed: Closed) {
        let only_extends = closed.only_extends && closed.remember_cookie.is_none();
        let cookies = [closed.set_cookie, closed.remember_cookie];
        // A cache that keeps this answer would hand one visitor's session to another.
        let goes_out = cookies.iter().any(Option::is_some)
            && (!present.cache_control || self.shared_caches.keep_out(request, response, only_extends));
        for set_cookie in cookies.into_iter().flatten().filter(|_| goes_out) {
            self.plain_http.check(request, &set_cookie);
            if present.set_cookie {
                response.adjoin_raw_header("Set-Cookie", set_cookie);
            } else {
                response.set_raw_header("Set-Cookie", set_cookie);
                present.set_cookie = true;
            }
        }
        if goes_out && !present.cache_control {
            response.set_raw_header("Cache-Control", "no-store");
        }
        if closed.vary_cookie {
            if present.vary {
                vary_by_cookie(response);
            } else {
                response.set_raw_header("Vary", "Cookie");
            }
        }
    }

    /// Sends with an error the cookie that an earlier save of the request has acknowledged.
    fn send_acknowledged(
        &self,
        request: &Request<'_>,
        response: &mut Response<'_>,
        set_cookie: Option<String>,
    ) {
        let present = Present::among(response);
        self.send(request, response, present, Closed { set_cookie, ..Closed::default() });
    }
}

/// Makes the request one for the page that its path leads to.
fn resolve_dot_segments(request: &mut Request<'_>) {
    let Some(path) = path::normalize(request.uri().path().as_str()) else { return };
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    // Only whole segments were taken out, so it parses as well as before. What did not parse before asks for `/`.
    let uri = Origin::parse_owned(path + &query).unwrap_or_else(|_| rocket::uri!("/"));
    request.set_uri(uri);
}

type Hook<'f> = Pin<Box<dyn Future<Output = ()> + Send + 'f>>;

/// A hook that has nothing to wait for. It has no size, and so its box is not allocated.
struct Done;

impl Future for Done {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The headers that a session adds, as far as an answer has them already. Found in one pass: Rocket's map hashes a name
/// letter by letter at each question, which took half of all that was done here.
#[derive(Clone, Copy, Default)]
struct Present {
    set_cookie: bool,
    cache_control: bool,
    vary: bool,
}

impl Present {
    fn among(response: &Response<'_>) -> Self {
        let mut present = Present::default();
        for header in response.headers().iter() {
            let name = header.name();
            present.set_cookie |= name == "Set-Cookie";
            present.cache_control |= name == "Cache-Control";
            present.vary |= name == "Vary";
        }
        present
    }
}

/// Keeps caches from an answer that would be another if the store worked or the request were allowed, whatever the
/// application says to them: it speaks of the page as it is on other days, and a cache would hand it out then.
fn depends_on_session(response: &mut Response<'_>) {
    response.set_raw_header("Cache-Control", "no-store");
    vary_by_cookie(response);
}

fn is_read(request: &Request<'_>) -> bool {
    matches!(request.method(), Method::Get | Method::Head)
}

/// The save failed: the answer must not say that all went well.
async fn fail<'r>(request: &'r Request<'_>, response: &mut Response<'r>, error: &SaveError) {
    error.log(request);
    refuse(request, response, error.status()).await;
}

/// A function of the application panicked while the session was closed. What was written by then stays written.
async fn panicked<'r>(request: &'r Request<'_>, response: &mut Response<'r>, session: &Session) {
    // Otherwise the changes would be told to have come after the response had begun.
    session.abandon();
    log::error!(
        "{} {}: the session is not saved: the application's clock, a merge function, or how a value is compared or \
         serialized has panicked",
        request.method(),
        request.uri().path()
    );
    refuse(request, response, Status::InternalServerError).await;
}

/// Answers with this status, whatever the handler has made of the request, and makes the browser neither keep nor forget
/// anything.
async fn refuse<'r>(request: &'r Request<'_>, response: &mut Response<'r>, status: Status) {
    // Where there was no session to open, a guard's error has been through the application's catchers already. Where
    // there was one, the answer is that of a handler, which speaks of what was not saved.
    let is_of_handler = matches!(RequestSession::of(request).opened(), Opened::Session(_));
    if is_of_handler || response.status() != status {
        replace(request, response, status).await;
    }
    response.remove_header("Set-Cookie");
    response.remove_header("Clear-Site-Data");
    depends_on_session(response);
    if status == Status::ServiceUnavailable {
        response.set_raw_header("Retry-After", RETRY_AFTER);
    }
}

/// Seconds after which a client may try again.
const RETRY_AFTER: &str = "1";
