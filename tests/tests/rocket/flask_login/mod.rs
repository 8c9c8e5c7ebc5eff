//! Flask-Login's remember-me cookie and its sense of the browser, without a Flask.

mod log_outs;
mod protection;
mod together;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rocket::http::{Header, Status};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use rocket::request::{FromRequest, Outcome};
use rocket::tokio::sync::Notify;
use rocket::{Build, Request, Rocket, State, get, post, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::store::MemoryStore;
use rocket_session_state::store::conformance::Faulty;
use rocket_session_state::{
    SaveError, Session, SessionError, SessionUser, Sessions, UserSessions, require_session, session_state,
};
use rocket_session_state_core::signing::RememberSigner;
use session_tests::jar::Jar;
use session_tests::told;

use crate::site::{Store, launches, quiet};

const SECRET: &str = "a secret for tests, long enough";

/// Users whose names are in no need of a password.
#[derive(Default)]
struct Users {
    gone: Mutex<BTreeSet<String>>,
    is_down: Mutex<bool>,
    stamp: AtomicUsize,
    finds: AtomicUsize,
    lingers: Notify,
    goes_on: Notify,
}

#[derive(Clone)]
struct User {
    name: String,
    stamp: usize,
}

/// Looks at the session itself, as a guard that knows of tenants might.
struct Tenant<'r>(&'r Users);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Tenant<'r> {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        let users: &State<Users> = request.guard().await.expect("the users are managed");
        request.guard::<Session>().await.map(|_| Tenant(users.inner()))
    }
}

impl SessionUser for User {
    type Id = String;
    type Source<'r> = Tenant<'r>;

    async fn find(id: &String, Tenant(users): Tenant<'_>) -> Result<Option<User>, Status> {
        users.finds.fetch_add(1, Ordering::Relaxed);
        rocket::tokio::task::yield_now().await;
        if *users.is_down.lock().unwrap() {
            return Err(Status::ServiceUnavailable);
        }
        let is_there = !users.gone.lock().unwrap().contains(id);
        Ok(is_there.then(|| User { name: id.clone(), stamp: users.stamp.load(Ordering::Relaxed) }))
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        self.stamp.to_be_bytes()
    }
}

#[session_state(user = User)]
struct Visit {
    #[session(login, key = "_user_id", listed)]
    user_id: Option<String>,
    #[session(merge = "union")]
    cart: Vec<String>,
}

#[require_session(Visit)]
struct Member {
    #[session(user)]
    user: User,
}

#[require_session(Member, fresh = "10 minutes")]
struct Fresh;

#[get("/plain")]
fn plain() {}

#[get("/member")]
fn member(member: Member) -> String {
    member.user.name
}

#[get("/who")]
fn who(member: Option<Member>) -> String {
    member.map_or_else(|| "nobody".to_owned(), |member| member.user.name)
}

/// Reads, and takes its time.
#[get("/linger")]
async fn linger(member: Member, users: &State<Users>) -> String {
    users.lingers.notify_one();
    users.goes_on.notified().await;
    member.user.name
}

#[get("/fresh")]
fn fresh(_fresh: Fresh) {}

#[get("/keys")]
fn keys(visit: Visit) -> String {
    let mut keys = visit.keys();
    keys.sort();
    keys.join(" ")
}

#[get("/fill/<item>")]
fn fill(item: &str, visit: Visit) {
    visit.update_cart(|cart| cart.push(item.to_owned()));
}

#[get("/cart")]
fn cart(visit: Visit) -> String {
    visit.cart().join(" ")
}

#[post("/log-in/<name>?<remember>")]
fn log_in(name: &str, remember: bool, visit: Visit, users: &State<Users>) {
    visit.log_in(&User { name: name.to_owned(), stamp: users.stamp.load(Ordering::Relaxed) });
    if remember {
        visit.remember_login();
    }
}

#[post("/log-out?<farewell>")]
fn log_out(farewell: bool, visit: Visit) {
    visit.log_out();
    if farewell {
        visit.flash("goodbye", "message");
    }
}

#[post("/destroy")]
fn destroy(visit: Visit) {
    visit.destroy();
}

#[post("/end-all")]
async fn end_all(sessions: UserSessions<Visit>) -> Result<String, SaveError> {
    Ok(sessions.end_all().await?.to_string())
}

#[post("/remember-for/<seconds>")]
fn remember_for(seconds: u64, visit: Visit) {
    visit.log_in(&User { name: "momo".to_owned(), stamp: 0 });
    visit.remember_login_for(std::time::Duration::from_secs(seconds));
}

#[post("/leave/<word>")]
fn leave(word: &str, visit: Visit) {
    visit.set("_remember", word);
}

/// An application that shares its logins, over a store in memory.
struct Shop {
    client: Client,
    store: Store,
}

impl Shop {
    async fn open() -> Shop {
        Shop::open_with(|_| {}).await
    }

    async fn open_with(change: impl FnOnce(&mut SessionConfig)) -> Shop {
        Shop::over(Arc::new(Faulty::new(MemoryStore::new(1000))), change).await
    }

    /// Another process of the same application.
    async fn beside(&self) -> Shop {
        Shop::over(Arc::clone(&self.store), |_| {}).await
    }

    async fn over(store: Store, change: impl FnOnce(&mut SessionConfig)) -> Shop {
        let mut config = SessionConfig::default();
        config.secret_key = Some(SECRET.into());
        config.session_audit_log = true;
        change(&mut config);
        let sessions = Sessions::with_config(config).store(Arc::clone(&store)).on_event(told::check);
        let client = Client::untracked(application(sessions.flask_login::<Visit>())).await;
        Shop { client: client.expect("the application launches"), store }
    }

    fn users(&self) -> &Users {
        self.client.rocket().state().expect("the users are managed")
    }

    fn get(&self, path: &str) -> LocalRequest<'_> {
        browser(self.client.get(path.to_owned()))
    }

    fn post(&self, path: &str) -> LocalRequest<'_> {
        browser(self.client.post(path.to_owned()))
    }

    /// What a browser gets that has these cookies, and keeps those of the answer.
    async fn visit(&self, jar: &Jar, request: LocalRequest<'_>) -> (u16, String) {
        let response = with_cookies(request, jar).dispatch().await;
        keep(&response, jar);
        (response.status().code, response.into_string().await.unwrap_or_default())
    }

    async fn shown(&self, jar: &Jar, path: &str) -> String {
        let (status, text) = self.visit(jar, self.get(path)).await;
        if status == 200 { text } else { status.to_string() }
    }

    async fn done(&self, jar: &Jar, path: &str) -> u16 {
        self.visit(jar, self.post(path)).await.0
    }
}

fn application(sessions: rocket_session_state::SessionFairing) -> Rocket<Build> {
    quiet().attach(sessions).manage(Users::default()).mount(
        "/",
        routes![
            plain,
            member,
            who,
            linger,
            fresh,
            keys,
            fill,
            cart,
            log_in,
            log_out,
            destroy,
            end_all,
            leave,
            remember_for
        ],
    )
}

fn browser(request: LocalRequest<'_>) -> LocalRequest<'_> {
    let request = request.remote("10.0.0.7:4000".parse().expect("an address"));
    request.header(Header::new("User-Agent", "a browser"))
}

fn with_cookies<'c>(request: LocalRequest<'c>, jar: &Jar) -> LocalRequest<'c> {
    match jar.header(0) {
        Some(cookies) => request.header(Header::new("Cookie", cookies)),
        None => request,
    }
}

fn keep(response: &LocalResponse<'_>, jar: &Jar) {
    response.headers().get("Set-Cookie").for_each(|line| jar.take(line, 1));
}

/// A browser that has only the cookie of this user.
fn remembered(user: &str) -> Jar {
    let jar = Jar::default();
    jar.put("remember_token", &RememberSigner::new(SECRET.as_bytes()).sign(user));
    jar
}

fn forgets(response: &LocalResponse<'_>) -> bool {
    response.headers().get("Set-Cookie").any(|line| line.starts_with("remember_token=;"))
}

#[rocket::async_test]
async fn who_is_remembered_is_logged_in_before_any_guard_decides_and_is_not_fresh() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    assert_eq!(shop.shown(&jar, "/member").await, "momo");
    assert_eq!(shop.users().finds.load(Ordering::Relaxed), 1, "the guard has the user who was found");
    assert!(jar.get("session").is_some());
    assert_eq!(shop.shown(&jar, "/fresh").await, "401");
    assert_eq!(
        shop.shown(&jar, "/keys").await,
        "_fresh _id _listed _login_at _permanent _stamp _user_id",
        "the stamp that the user has today is kept"
    );
    assert_eq!(shop.done(&jar, "/log-in/momo").await, 200);
    assert_eq!(shop.shown(&jar, "/fresh").await, "");
}

#[rocket::async_test]
async fn a_visitor_who_is_remembered_keeps_the_cart_under_a_new_id() {
    let shop = Shop::open().await;
    let jar = Jar::default();
    shop.shown(&jar, "/fill/tea").await;
    let before = jar.get("session");
    jar.put("remember_token", &remembered("momo").get("remember_token").unwrap());
    assert_eq!(shop.shown(&jar, "/cart").await, "tea");
    assert_ne!(jar.get("session"), before);
    assert_eq!(shop.shown(&jar, "/member").await, "momo");
}

#[rocket::async_test]
async fn a_page_that_uses_no_session_looks_at_no_cookie() {
    let shop = Shop::open().await;
    shop.store.calls();
    let jar = remembered("momo");
    shop.shown(&jar, "/plain").await;
    assert_eq!((jar.get("session"), shop.users().finds.load(Ordering::Relaxed)), (None, 0));
    assert_eq!(shop.store.calls(), 0);
}

#[rocket::async_test]
async fn what_another_site_loads_into_its_page_logs_nobody_in_and_a_link_there_does() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    let load = |mode: &'static str| {
        let request = shop.get("/who").header(Header::new("Sec-Fetch-Site", "cross-site"));
        request.header(Header::new("Sec-Fetch-Mode", mode))
    };
    assert_eq!(shop.visit(&jar, load("no-cors")).await.1, "nobody");
    assert_eq!(shop.visit(&jar, load("cors")).await.1, "nobody");
    assert_eq!(jar.get("session"), None);
    let foreign = shop.post("/log-out").header(Header::new("Sec-Fetch-Site", "cross-site"));
    assert_eq!(shop.visit(&jar, foreign).await.0, 403);
    assert!(jar.get("remember_token").is_some());
    assert_eq!(shop.visit(&jar, load("navigate")).await.1, "momo");
}

#[rocket::async_test]
async fn a_page_that_is_loaded_in_advance_shows_the_user_and_keeps_nothing() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    let request = shop.get("/who").header(Header::new("Sec-Purpose", "prefetch;prerender"));
    let response = with_cookies(request, &jar).dispatch().await;
    assert_eq!(response.headers().get("Set-Cookie").next(), None);
    assert_eq!(response.headers().get_one("Cache-Control"), Some("no-store"));
    assert_eq!(response.headers().get_one("Vary"), Some("Cookie"));
    assert_eq!(response.into_string().await.as_deref(), Some("momo"));
    assert_eq!(shop.shown(&jar, "/who").await, "momo");
}

#[rocket::async_test]
async fn a_user_who_is_gone_is_not_logged_in_and_a_database_that_is_down_logs_nobody_out() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    *shop.users().is_down.lock().unwrap() = true;
    for page in ["/member", "/cart"] {
        assert_eq!(shop.shown(&jar, page).await, "503");
    }
    *shop.users().is_down.lock().unwrap() = false;
    shop.users().gone.lock().unwrap().insert("momo".into());
    assert_eq!(
        (shop.shown(&jar, "/member").await, shop.shown(&jar, "/cart").await),
        ("401".into(), "".into())
    );
    assert_eq!(jar.get("session"), None);
    assert!(jar.get("remember_token").is_some(), "the user may be back");
    shop.users().gone.lock().unwrap().clear();
    assert_eq!(shop.shown(&jar, "/member").await, "momo");
}

#[rocket::async_test]
async fn a_cookie_that_this_key_has_not_made_logs_nobody_in() {
    let shop =
        Shop::open_with(|config| config.secret_key_fallbacks = vec!["an older key, long enough".into()])
            .await;
    let good = remembered("momo").get("remember_token").unwrap();
    let older = RememberSigner::new(b"an older key, long enough").sign("momo");
    for cookie in
        [older, good.replace("momo", "lili"), good.to_uppercase(), "momo".into(), "|".into(), String::new()]
    {
        let jar = Jar::default();
        jar.put("remember_token", &cookie);
        assert_eq!(shop.shown(&jar, "/who").await, "nobody", "{cookie}");
        assert_eq!(jar.get("session"), None, "{cookie}");
    }
}

#[rocket::async_test]
async fn no_cookie_logs_in_where_a_stamp_is_required() {
    let shop = Shop::open_with(|config| config.session_stamp_required = true).await;
    assert_eq!(shop.shown(&remembered("momo"), "/who").await, "nobody");
}

#[rocket::async_test]
async fn a_state_with_another_login_key_does_not_launch() {
    #[session_state(user = User)]
    struct Other {
        #[session(login, key = "uid")]
        user_id: Option<String>,
    }
    let sessions = || Sessions::with_config(crate::site::config());
    assert!(launches(quiet().attach(sessions().flask_login::<Visit>()).manage(Users::default())).await);
    assert!(!launches(quiet().attach(sessions().flask_login::<Other>()).manage(Users::default())).await);
}
