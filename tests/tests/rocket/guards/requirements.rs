//! The requirements of guards: a login, fields of the state, a check, and what the guards that they build upon require.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, State, get, post, routes};
use rocket_session_state::{Access, SessionError, require_session};

use super::{Member, Visit, account, browse, index, log_in, login, login_page};
use crate::site::{Site, header};

/// Inherits where to log in.
#[require_session(Member, check = Admin::is_staff)]
struct Admin;

impl Admin {
    fn is_staff(&self) -> bool {
        self.username.ends_with("@staff")
    }
}

/// Its field is the state's, wherever the state is.
#[require_session(Admin, login = "/elsewhere?from=here")]
struct TeamAdmin {
    team: String,
}

#[require_session(Member, fresh = "10 minutes")]
struct Fresh;

#[require_session(Visit)]
struct TeamMember {
    team: String,
}

/// Managed state that a check asks for.
struct Allowed(Vec<&'static str>);

#[require_session(Member, check = listed)]
struct Listed;

async fn listed(member: &Member, allowed: &State<Allowed>) -> bool {
    rocket::tokio::task::yield_now().await;
    allowed.0.contains(&member.username.as_str())
}

#[require_session(Member, check = OnOwnPage::is_own)]
struct OnOwnPage;

impl OnOwnPage {
    fn is_own(&self, request: &Request<'_>) -> bool {
        request.uri().path().ends_with(self.username.as_str())
    }
}

/// The user behind a name, as a check finds it: the last word of the name says what is wrong.
#[require_session(Member, check = Known::look_up)]
struct Known;

impl Known {
    async fn look_up(&self) -> Result<Access, Status> {
        rocket::tokio::task::yield_now().await;
        match self.username.as_str() {
            "deleted" => Ok(Access::LogIn),
            "suspended" => Ok(Access::Forbidden),
            "unlucky" => Err(Status::ServiceUnavailable),
            _ => Ok(Access::Allowed),
        }
    }
}

/// The same answers at once, in the other forms that they may have.
#[require_session(Known, check = at_once)]
struct KnownAtOnce;

fn at_once(known: &Known) -> Result<bool, SessionError> {
    match known.username.as_str() {
        "outdated" => Err(SessionError::Stale),
        name => Ok(name != "banned"),
    }
}

#[require_session(Member, check = |member: &Member| if member.username == "odd" { Access::LogIn } else { Access::Allowed })]
struct NotOdd;

#[require_session(Member, check = |member: &Member| member.username.len() < 10)]
struct Short;

#[require_session(Visit, check = in_a_team)]
struct InATeam;

async fn in_a_team(visit: &Visit) -> bool {
    visit.team().is_some()
}

#[require_session(Member, check = NeedsPayment::never_asked)]
struct NeedsPayment;

impl NeedsPayment {
    fn never_asked(&self, _paid: Paid) -> bool {
        true
    }
}

struct Paid;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Paid {
    type Error = ();

    async fn from_request(_: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Forward(Status::PaymentRequired)
    }
}

#[post("/team/<team>")]
fn join(team: String, visit: Visit) {
    visit.set_team(team);
}

#[get("/admin")]
fn admin(admin: Admin) -> String {
    admin.username.clone()
}

#[get("/team-admin")]
fn team_admin(admin: TeamAdmin) -> String {
    format!("{} {}", admin.team, admin.username)
}

#[get("/team")]
fn team(member: TeamMember) -> String {
    member.team
}

#[get("/fresh")]
fn fresh(_fresh: Fresh) -> &'static str {
    "fresh"
}

#[get("/log-in-known")]
fn log_in_known(known: Option<Known>) -> &'static str {
    if known.is_some() { "go on" } else { "the form" }
}

#[get("/known")]
fn known(_known: Known) {}

#[get("/known-at-once")]
fn known_at_once(_known: KnownAtOnce) {}

#[get("/not-odd")]
fn not_odd(_not_odd: NotOdd) {}

#[get("/listed")]
fn listed_page(_listed: Listed) {}

#[get("/users/<_name>")]
fn own_page(_name: &str, _own: OnOwnPage) {}

#[get("/short")]
fn short(_short: Short) {}

#[get("/in-a-team")]
fn in_a_team_page(_member: InATeam) {}

#[get("/paid")]
fn paid(_paid: NeedsPayment) {}

async fn site() -> Site {
    Site::launch(|rocket| {
        let public = routes![index, login_page, login, join, log_in_known];
        let guarded = routes![
            account,
            admin,
            team_admin,
            team,
            fresh,
            listed_page,
            own_page,
            short,
            in_a_team_page,
            known,
            known_at_once,
            not_odd,
            paid
        ];
        rocket.manage(Allowed(vec!["momo"])).mount("/", public).mount("/", guarded)
    })
    .await
}

#[rocket::async_test]
async fn who_is_logged_in_and_may_not_enter_gets_403() {
    let site = site().await;
    log_in(&site.client, "momo").await;
    for path in ["/admin", "/team-admin", "/team", "/users/lulu", "/in-a-team"] {
        assert_eq!(browse(&site.client, path).await.status(), Status::Forbidden, "{path}");
    }
    for path in ["/account", "/listed", "/users/momo", "/short", "/fresh"] {
        assert_eq!(browse(&site.client, path).await.status(), Status::Ok, "{path}");
    }
    assert_eq!(
        browse(&site.client, "/paid").await.status(),
        Status::PaymentRequired,
        "that of the guard it asked"
    );
    log_in(&site.client, "lulu-the-first@staff").await;
    for path in ["/listed", "/short"] {
        assert_eq!(browse(&site.client, path).await.status(), Status::Forbidden, "{path}");
    }
    assert_eq!(site.text("/admin").await, "lulu-the-first@staff");
    assert_eq!(site.get("/team-admin").await.status(), Status::Forbidden, "without a team");
    site.client.post("/team/tea").dispatch().await;
    assert_eq!(site.text("/team-admin").await, "tea lulu-the-first@staff");
    assert_eq!(site.text("/team").await, "tea");
    assert_eq!(site.get("/in-a-team").await.status(), Status::Ok);
}

#[rocket::async_test]
async fn a_guard_inherits_where_to_log_in_unless_it_says_itself() {
    let site = site().await;
    for path in ["/admin", "/fresh", "/listed"] {
        let response = browse(&site.client, path).await;
        let next = path.replace('/', "%2F");
        assert_eq!(header(&response, "Location"), [format!("/login?next={next}")], "{path}");
    }
    let response = browse(&site.client, "/team-admin").await;
    assert_eq!(header(&response, "Location"), ["/elsewhere?from=here&next=%2Fteam-admin"]);
    assert_eq!(browse(&site.client, "/team").await.status(), Status::Unauthorized, "nobody says where");
}

#[rocket::async_test]
async fn a_check_whose_state_is_missing_is_a_500_and_not_a_403() {
    let site = Site::launch(|rocket| rocket.mount("/", routes![login_page, login, listed_page, index])).await;
    log_in(&site.client, "momo").await;
    assert_eq!(site.get("/listed").await.status(), Status::InternalServerError);
}

#[rocket::async_test]
async fn a_check_may_say_log_in_again_or_fail_with_a_status() {
    let site = site().await;
    for (name, path, program, browser) in [
        ("momo", "/known", 200, 200),
        ("suspended", "/known", 403, 403),
        ("unlucky", "/known", 503, 503),
        ("deleted", "/known", 401, 303),
        ("momo", "/known-at-once", 200, 200),
        ("banned", "/known-at-once", 403, 403),
        ("outdated", "/known-at-once", 401, 303),
        ("deleted", "/known-at-once", 401, 303),
        ("even", "/not-odd", 200, 200),
        ("odd", "/not-odd", 401, 303),
    ] {
        log_in(&site.client, name).await;
        assert_eq!(site.get(path).await.status().code, program, "{name} at {path}");
        let response = browse(&site.client, path).await;
        assert_eq!(response.status().code, browser, "{name} at {path}");
        let next = path.replace('/', "%2F");
        let location = (browser == 303).then(|| format!("/login?next={next}"));
        assert_eq!(
            header(&response, "Location"),
            location.into_iter().collect::<Vec<_>>(),
            "{name} at {path}"
        );
        assert_eq!(header(&response, "Cache-Control"), ["no-store"], "{name} at {path}");
        assert!(site.text("/account").await.starts_with(name), "the login itself is not touched");
    }
}

/// As `docs/guards.md` tells it: who does not pass is not sent round in a circle.
#[rocket::async_test]
async fn a_login_page_that_asks_the_guard_shows_its_form_to_who_has_to_log_in_again() {
    let site = site().await;
    for (name, page) in [("deleted", "the form"), ("momo", "go on")] {
        log_in(&site.client, name).await;
        let response = browse(&site.client, "/log-in-known").await;
        assert_eq!(response.status(), Status::Ok);
        assert_eq!(response.into_string().await.as_deref(), Some(page), "{name}");
    }
}
