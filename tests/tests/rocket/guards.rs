//! Guards: who may enter, and what becomes of those who may not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use rocket::form::Form;
use rocket::http::{Accept, ContentType, Header, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::request::{FromRequest, Outcome};
use rocket::response::Redirect;
use rocket::{FromForm, Request, State, catch, catchers, get, post, put, routes, uri};
use rocket_session_state::{
    ClearSiteData, Next, NextRedirect, Session, SessionError, Sessions, require_session, session_state,
};

use crate::site::{Site, config, header, quiet};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    team: Option<String>,
    views: u32,
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
struct Member {
    username: String,
}

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

/// The arguments of a check.
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

#[get("/login?<next>")]
fn login_page(next: Option<Next>) -> String {
    format!("log in for {}", next.unwrap_or_default())
}

#[derive(FromForm)]
struct Login {
    username: String,
    next: Next,
}

#[post("/login", data = "<form>")]
fn login(form: Form<Login>, visit: Visit) -> NextRedirect {
    visit.set_username(&form.username);
    form.next.redirect_or(uri!(index))
}

#[post("/logout")]
fn logout(visit: Visit) -> ClearSiteData<Redirect> {
    visit.destroy();
    ClearSiteData(Redirect::to(uri!(index)))
}

#[post("/team/<team>")]
fn join(team: String, visit: Visit) {
    visit.set_team(team);
}

#[get("/")]
fn index() -> &'static str {
    "index"
}

#[get("/account?<page>")]
fn account(member: Member, page: Option<u8>) -> String {
    let _: &Visit = &member;
    format!("{} {} {}", member.username, member.views(), page.unwrap_or_default())
}

#[post("/account")]
fn change_account(member: Member) -> String {
    member.username
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

#[get("/optional")]
fn optional(member: Option<Member>) -> Result<String, Status> {
    member.map(|member| member.username).ok_or(Status::Unauthorized)
}

#[get("/own-401")]
fn own_401() -> Status {
    Status::Unauthorized
}

#[get("/tried")]
fn tried(member: Result<Member, SessionError>) -> &'static str {
    if member.is_ok() { "a member" } else { "welcome, stranger" }
}

#[require_session(Admin)]
#[get("/orders/<id>?<page>")]
fn orders(id: u32, page: Option<u8>) -> String {
    format!("order {id} {page:?}")
}

#[require_session(Member)]
#[put("/orders/<id>", data = "<body>")]
async fn put_order(id: u32, _second: Second, body: String) -> String {
    format!("{id} {body}")
}

static SECONDS: AtomicU64 = AtomicU64::new(0);

/// A guard that notes that it was asked.
struct Second;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Second {
    type Error = ();

    async fn from_request(_: &'r Request<'_>) -> Outcome<Self, ()> {
        SECONDS.fetch_add(1, Ordering::Relaxed);
        Outcome::Success(Second)
    }
}

#[get("/cached")]
fn cached(_member: Member) -> (Status, Cached) {
    (Status::Ok, Cached { body: "mine", cache: Header::new("Cache-Control", "private, max-age=60") })
}

#[derive(rocket::Responder)]
struct Cached {
    body: &'static str,
    cache: Header<'static>,
}

async fn site() -> Site {
    Site::launch(|rocket| {
        let public = routes![index, login_page, login, logout, join, own_401, optional, tried, cached];
        let guarded = routes![
            account,
            change_account,
            admin,
            team_admin,
            team,
            fresh,
            listed_page,
            own_page,
            short,
            in_a_team_page,
            paid,
            orders,
            put_order
        ];
        rocket.manage(Allowed(vec!["momo"])).mount("/", public).mount("/", guarded)
    })
    .await
}

async fn browse<'c>(site: &'c Site, path: &str) -> LocalResponse<'c> {
    let accept = Header::new("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    site.client.get(path.to_owned()).header(accept).dispatch().await
}

async fn log_in(site: &Site, name: &str) {
    let body = format!("username={name}");
    site.client.post("/login").header(ContentType::Form).body(body).dispatch().await;
}

#[rocket::async_test]
async fn a_browser_is_sent_to_the_login_page_and_back_to_where_it_was_going() {
    let site = site().await;
    let response = browse(&site, "/account?page=2").await;
    assert_eq!(response.status(), Status::SeeOther);
    assert_eq!(header(&response, "Location"), ["/login?next=%2Faccount%3Fpage%3D2"]);
    assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
    assert_eq!(header(&response, "Content-Type"), [""; 0]);
    assert!(!header(&response, "X-Content-Type-Options").is_empty(), "headers of other fairings stay");
    assert_eq!(response.into_string().await, None);
    let page = browse(&site, "/login?next=%2Faccount%3Fpage%3D2").await.into_string().await.unwrap();
    assert_eq!(page, "log in for /account?page=2");
    let body = "username=momo&next=%2Faccount%3Fpage%3D2";
    let response = site.client.post("/login").header(ContentType::Form).body(body).dispatch().await;
    assert_eq!(header(&response, "Location"), ["/account?page=2"]);
    assert_eq!(browse(&site, "/account?page=2").await.into_string().await.unwrap(), "momo 0 2");
}

#[rocket::async_test]
async fn only_a_get_that_names_html_is_redirected() {
    let site = site().await;
    let html = Accept::HTML;
    for request in [
        site.client.get("/account"),
        site.client.get("/account").header(Accept::Any),
        site.client.get("/account").header(Accept::JSON),
        site.client.get("/account").header(Header::new("Accept", "text/*")),
        site.client.get("/account").header(Header::new("Accept", "text/html;q=0, application/json")),
        site.client.post("/account").header(html.clone()),
        site.client.put("/orders/1").header(html.clone()).body("b"),
    ] {
        let response = request.dispatch().await;
        assert_eq!(response.status(), Status::Unauthorized);
        assert_eq!(header(&response, "Location"), [""; 0]);
        assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
    }
    let head = site.client.head("/account").header(html).dispatch().await;
    assert_eq!(head.status(), Status::SeeOther);
}

#[rocket::async_test]
async fn every_other_401_is_the_applications() {
    #[catch(401)]
    fn own(_: &Request<'_>) -> (ContentType, &'static str) {
        (ContentType::JSON, "{}")
    }

    let site = Site::launch(|rocket| {
        rocket
            .mount("/", routes![account, login_page, own_401, optional, index])
            .register("/", catchers![own])
    })
    .await;
    let response = browse(&site, "/own-401").await;
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(response.into_string().await.unwrap(), "{}");
    let response = site.get("/account").await;
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(response.into_string().await.unwrap(), "{}", "the application's catcher answers programs");
    assert_eq!(browse(&site, "/account").await.status(), Status::SeeOther);
    let optional = browse(&site, "/optional").await;
    assert_eq!(header(&optional, "Location"), ["/login?next=%2Foptional"], "its handler said 401 itself");
}

#[rocket::async_test]
async fn a_default_catcher_of_the_application_keeps_working() {
    #[catch(default)]
    fn own(status: Status, _: &Request<'_>) -> String {
        format!("own {}", status.code)
    }

    let site = Site::launch(|rocket| {
        rocket.mount("/", routes![account, login_page, admin, login, index]).register("/", catchers![own])
    })
    .await;
    assert_eq!(site.text("/account").await, "own 401");
    assert_eq!(browse(&site, "/account").await.status(), Status::SeeOther);
    log_in(&site, "momo").await;
    let response = browse(&site, "/admin").await;
    assert_eq!(response.status(), Status::Forbidden);
    assert_eq!(response.into_string().await.unwrap(), "own 403");
}

#[rocket::async_test]
async fn who_is_logged_in_and_may_not_enter_gets_403() {
    let site = site().await;
    log_in(&site, "momo").await;
    for path in ["/admin", "/team-admin", "/team", "/orders/1", "/users/lulu", "/in-a-team"] {
        assert_eq!(browse(&site, path).await.status(), Status::Forbidden, "{path}");
    }
    for path in ["/account", "/listed", "/users/momo", "/short", "/fresh"] {
        assert_eq!(browse(&site, path).await.status(), Status::Ok, "{path}");
    }
    assert_eq!(browse(&site, "/paid").await.status(), Status::PaymentRequired, "that of the guard it asked");
    log_in(&site, "lulu-the-first@staff").await;
    for path in ["/listed", "/short"] {
        assert_eq!(browse(&site, path).await.status(), Status::Forbidden, "{path}");
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
    for path in ["/admin", "/fresh", "/listed", "/orders/1"] {
        let response = browse(&site, path).await;
        let next = path.replace('/', "%2F");
        assert_eq!(header(&response, "Location"), [format!("/login?next={next}")], "{path}");
    }
    let response = browse(&site, "/team-admin").await;
    assert_eq!(header(&response, "Location"), ["/elsewhere?from=here&next=%2Fteam-admin"]);
    assert_eq!(browse(&site, "/team").await.status(), Status::Unauthorized, "nobody says where");
}

#[rocket::async_test]
async fn a_check_whose_state_is_missing_is_a_500_and_not_a_403() {
    let site = Site::launch(|rocket| rocket.mount("/", routes![login_page, login, listed_page, index])).await;
    log_in(&site, "momo").await;
    assert_eq!(site.get("/listed").await.status(), Status::InternalServerError);
}

#[rocket::async_test]
async fn a_guarded_handler_is_asked_for_last_and_its_address_is_as_before() {
    assert_eq!(uri!(orders(3, Some(4))), "/orders/3?page=4");
    let site = site().await;
    SECONDS.store(0, Ordering::Relaxed);
    assert_eq!(site.client.put("/orders/1").body("b").dispatch().await.status(), Status::Unauthorized);
    assert_eq!(site.client.put("/orders/x").body("b").dispatch().await.status(), Status::Unauthorized);
    assert_eq!(SECONDS.load(Ordering::Relaxed), 0, "no other guard was asked");
    log_in(&site, "momo@staff").await;
    site.store.calls();
    let response = site.client.put("/orders/1").body("b").dispatch().await;
    assert_eq!(response.into_string().await.unwrap(), "1 b");
    assert_eq!(site.store.calls(), 1);
    assert_eq!(site.text("/orders/7?page=2").await, "order 7 Some(2)");
}

#[rocket::async_test]
async fn what_a_guard_has_decided_is_kept_by_no_cache_unless_the_application_says_so() {
    let site = site().await;
    assert_eq!(header(&site.get("/tried").await, "Cache-Control"), ["no-store"]);
    log_in(&site, "momo").await;
    for path in ["/account", "/tried", "/admin"] {
        assert_eq!(header(&site.get(path).await, "Cache-Control"), ["no-store"], "{path}");
    }
    assert_eq!(header(&site.get("/cached").await, "Cache-Control"), ["private, max-age=60"]);
    assert_eq!(header(&site.get("/").await, "Cache-Control"), [""; 0]);
}

#[rocket::async_test]
async fn logging_out_deletes_the_cookie_as_it_was_set_and_can_make_the_browser_forget() {
    let site = site().await;
    log_in(&site, "momo").await;
    let response = site.client.post("/logout").dispatch().await;
    assert_eq!(header(&response, "Clear-Site-Data"), ["\"cache\", \"storage\""]);
    let cookies = header(&response, "Set-Cookie");
    assert_eq!(cookies.len(), 1);
    for attribute in ["Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(cookies[0].contains(attribute), "{attribute}: {}", cookies[0]);
    }
    assert_eq!(site.get("/account").await.status(), Status::Unauthorized);
    assert_eq!(site.client.get("/logout").dispatch().await.status(), Status::NotFound);
}

#[rocket::async_test]
async fn a_fresh_login_is_one_of_this_user_in_the_last_minutes() {
    // Ahead of the real time, after which Rocket's client judges whether a cookie has expired.
    static NOW: AtomicU64 = AtomicU64::new(4_000_000_000);

    #[post("/as-flask-does/<name>")]
    fn as_flask_does(name: &str, session: Session) {
        session.set("username", name);
    }

    let sessions = Sessions::with_config(config())
        .clock(|_| UNIX_EPOCH + Duration::from_secs(NOW.load(Ordering::Relaxed)));
    let routes = routes![login_page, login, fresh, account, index, as_flask_does];
    let client = Client::tracked(quiet().attach(sessions).mount("/", routes)).await.unwrap();
    let ask = async |path: &'static str| client.get(path).header(Accept::HTML).dispatch().await.status();
    let log_in = async || {
        client.post("/login").header(ContentType::Form).body("username=momo").dispatch().await;
    };
    log_in().await;
    assert_eq!(ask("/fresh").await, Status::Ok);
    NOW.fetch_add(600, Ordering::Relaxed);
    assert_eq!(ask("/fresh").await, Status::Ok, "ten minutes are ten minutes");
    NOW.fetch_add(1, Ordering::Relaxed);
    assert_eq!(ask("/fresh").await, Status::SeeOther);
    assert_eq!(client.get("/fresh").dispatch().await.status(), Status::Unauthorized);
    assert_eq!(ask("/account").await, Status::Ok, "the login itself is as good as ever");
    log_in().await;
    assert_eq!(ask("/fresh").await, Status::Ok);
    client.post("/as-flask-does/lulu").dispatch().await;
    assert_eq!(ask("/account").await, Status::Ok);
    assert_eq!(ask("/fresh").await, Status::SeeOther, "the login was another user's");
}
