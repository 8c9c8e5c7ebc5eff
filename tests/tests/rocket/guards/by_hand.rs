//! A guard that is written by hand is treated like any other.

use rocket::http::{Accept, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Build, Ignite, Request, Rocket, Route, Sentinel, async_trait, get, routes};
use rocket_session_state::guard::{self, LoginTarget, SessionGuard};
use rocket_session_state::{SessionError, require_session};

use super::{Visit, browse, index, log_in, login, login_page};
use crate::site::{Site, header};

/// A visitor with a team.
struct Teammate {
    team: String,
}

impl SessionGuard for Teammate {
    type State = Visit;
    const REQUIRES: bool = true;
    const LOGIN: Option<LoginTarget> = Some(LoginTarget::Path("/login"));

    async fn authorize(request: &Request<'_>) -> Result<Self, SessionError> {
        let visit: Visit = guard::open(request).await?;
        visit.team().map(|team| Teammate { team }).ok_or(SessionError::LoggedOut)
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Teammate {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        guard::enter(request).await
    }
}

impl Sentinel for Teammate {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort::<Teammate>(rocket)
    }
}

/// Somebody whom another guard lets in, and who names no login page.
struct Captain;

impl SessionGuard for Captain {
    type State = Visit;
    const REQUIRES: bool = true;

    async fn authorize(request: &Request<'_>) -> Result<Self, SessionError> {
        guard::enter::<Teammate>(request).await.succeeded().ok_or(SessionError::LoggedOut)?;
        Ok(Captain)
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Captain {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        guard::enter(request).await
    }
}

impl Sentinel for Captain {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort::<Captain>(rocket)
    }
}

#[require_session(Teammate, check = |teammate: &Teammate| teammate.team == "red")]
struct Red;

#[get("/join/<team>")]
fn join(team: &str, visit: Visit) {
    visit.set_team(team);
}

#[get("/<_..>")]
fn carrier(_teammate: Teammate) {}

#[get("/page")]
fn page() -> &'static str {
    "page"
}

#[get("/argument")]
fn argument(teammate: Teammate) -> String {
    teammate.team
}

#[get("/optional")]
fn optional(teammate: Option<Teammate>) -> Result<String, Status> {
    teammate.map(|teammate| teammate.team).ok_or(Status::Unauthorized)
}

#[get("/delegated")]
fn delegated(_captain: Captain) -> &'static str {
    "captain"
}

#[get("/extended")]
fn extended(red: Red) -> String {
    red.team.clone()
}

fn mounted(rocket: Rocket<Build>) -> Rocket<Build> {
    let carriers = || -> Vec<Route> { routes![carrier] };
    rocket
        .mount("/", routes![index, login_page, login, join, argument, optional, extended, delegated])
        .mount("/gate", guard::gate::<Teammate>(carriers()))
        .mount("/gate", routes![page])
        .mount("/list", guard::required::<Teammate>(routes![page], carriers()))
}

#[rocket::async_test]
async fn a_guard_by_hand_that_says_logged_out_sends_a_browser_to_its_login_page() {
    let site = Site::launch(mounted).await;
    log_in(&site.client, "momo").await;
    let paths = ["/argument", "/optional", "/extended", "/delegated", "/gate/page", "/list/page"];
    for path in paths {
        let program = site.client.get(path).header(Accept::JSON).dispatch().await;
        assert_eq!(program.status(), Status::Unauthorized, "{path}");
        assert_eq!(header(&program, "Cache-Control"), ["no-store"], "{path}");
        let browser = browse(&site.client, path).await;
        assert_eq!(browser.status(), Status::SeeOther, "{path}");
        let location = format!("/login?next={}", path.replace('/', "%2F"));
        assert_eq!(header(&browser, "Location"), [location], "{path}");
    }
    site.get("/join/red").await;
    for path in paths {
        let response = browse(&site.client, path).await;
        assert_eq!(response.status(), Status::Ok, "{path}");
        assert_eq!(header(&response, "Cache-Control"), ["no-store"], "{path}");
    }
    site.get("/join/blue").await;
    assert_eq!(browse(&site.client, "/extended").await.status(), Status::Forbidden);
}
