//! The user behind a login: found once, by whoever asks; gone, unknown, with another stamp.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rocket::http::Status;
use rocket::local::asynchronous::LocalResponse;
use rocket::request::FromRequest;
use rocket::tokio::sync::Notify;
use rocket::{Build, Request, Rocket, State, catch, catchers, get, post, routes};
use rocket_session_state::{Access, Session, SessionUser, require_session, session_state};

use crate::site::{Site, launches, quiet};

/// Users in memory, with the number of times that one was looked for.
#[derive(Default)]
struct Users {
    by_id: Mutex<BTreeMap<i64, Row>>,
    finds: AtomicUsize,
    slow_guard: Pause,
    change_of_password: Pause,
}

/// A place in which one request waits for another.
#[derive(Default)]
struct Pause {
    come: Notify,
    go_on: Notify,
}

impl Pause {
    async fn here(&self) {
        self.come.notify_one();
        self.go_on.notified().await;
    }
}

#[derive(Clone)]
enum Row {
    Stamp(&'static str),
    Fails,
}

impl Users {
    fn set(&self, id: i64, row: Row) {
        self.by_id.lock().unwrap().insert(id, row);
    }

    fn remove(&self, id: i64) {
        self.by_id.lock().unwrap().remove(&id);
    }

    fn finds(&self) -> usize {
        self.finds.swap(0, Ordering::Relaxed)
    }
}

#[derive(Debug, Clone, PartialEq)]
struct User {
    id: i64,
    stamp: &'static str,
}

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = &'r State<Users>;

    async fn find(id: &i64, users: &State<Users>) -> Result<Option<User>, Status> {
        users.finds.fetch_add(1, Ordering::Relaxed);
        rocket::tokio::task::yield_now().await;
        match users.by_id.lock().unwrap().get(id) {
            None => Ok(None),
            Some(Row::Stamp(stamp)) => Ok(Some(User { id: *id, stamp })),
            Some(Row::Fails) => Err(Status::ServiceUnavailable),
        }
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        self.stamp
    }
}

impl User {
    fn is_first(&self) -> bool {
        self.id == 1
    }
}

#[session_state(user = User)]
struct Visit {
    #[session(login)]
    user_id: Option<i64>,
    cart: Vec<String>,
}

#[require_session(Visit, login = "/login")]
struct Member {
    #[session(user)]
    user: User,
}

/// Has looked at the session already when it looks for the user.
#[require_session(Visit, check = waits)]
struct Slow;

#[require_session(Slow)]
struct SlowMember {
    #[session(user)]
    _user: User,
}

async fn waits(_: &Visit, users: &State<Users>) -> bool {
    users.slow_guard.here().await;
    true
}

/// Shares the user, and has one of its own as well.
#[require_session(Member, check = User::is_first)]
struct First {
    #[session(user)]
    user: Arc<User>,
}

#[require_session(Visit)]
struct Known;

#[require_session(Visit, check = asks_for_more)]
struct Asked;

async fn asks_for_more(user: &User, session: Session) -> Result<Access, Status> {
    rocket::tokio::task::yield_now().await;
    match (user.id, session.is_new()) {
        (2, _) => Ok(Access::Forbidden),
        (3, _) => Err(Status::ImATeapot),
        (_, is_new) => Ok(if is_new { Access::LogIn } else { Access::Allowed }),
    }
}

#[get("/login")]
fn login_page() {}

#[post("/login/<id>")]
async fn log_in(id: i64, users: &State<Users>, visit: Visit) -> Result<(), Status> {
    let user = User::find(&id, users).await?.ok_or(Status::NotFound)?;
    visit.log_in(&user);
    Ok(())
}

#[post("/bare/<id>")]
fn log_in_by_the_setter(id: i64, visit: Visit) {
    visit.set_user_id(id);
    visit.update_cart(|cart| cart.push("tea".to_owned()));
}

#[post("/log-out")]
fn log_out(visit: Visit) {
    visit.log_out();
}

#[get("/member")]
fn member(member: Member) -> String {
    format!("{}", member.user.id)
}

#[get("/many")]
fn many(first: First, member: Member, known: Known, users: &State<Users>) -> Result<String, Status> {
    let ids = [first.user.id, member.user.id, known.user_id().unwrap_or_default()];
    Err(if ids == [1; 3] && users.finds.load(Ordering::Relaxed) == 1 {
        Status::Gone
    } else {
        Status::Conflict
    })
}

#[catch(410)]
async fn gone(request: &Request<'_>) -> String {
    let member = Member::from_request(request).await.succeeded();
    member.map_or_else(String::new, |member| format!("caught {}", member.user.id))
}

#[get("/known")]
fn known(_known: Known, visit: Visit) -> String {
    visit.cart().join(" ")
}

#[get("/asked")]
fn asked(_asked: Asked) {}

#[post("/change/<id>")]
async fn change(id: i64, member: Member, visit: Visit, users: &State<Users>) -> Result<String, Status> {
    let other = User { id, ..member.user };
    visit.log_in(&other);
    let _ = users;
    Ok(String::new())
}

#[get("/slow")]
fn slow(_member: SlowMember) {}

/// Another password: in the database at once, and in the session when the request goes on.
#[post("/password")]
async fn change_password(member: Member, users: &State<Users>) {
    users.set(member.user.id, Row::Stamp("new"));
    users.change_of_password.here().await;
    member.log_in(&User { stamp: "new", ..member.user });
}

/// Logs in whoever a guard has just refused.
#[post("/again")]
async fn log_in_again(refused: Option<Member>, visit: Visit, request: InRequest<'_>) -> Status {
    visit.log_in(&User { id: 1, stamp: "new" });
    match (refused, Member::from_request(request.0).await.succeeded()) {
        (None, Some(_)) => Status::Ok,
        _ => Status::Conflict,
    }
}

/// The request, for a handler that asks guards itself.
struct InRequest<'r>(&'r Request<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for InRequest<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> rocket::request::Outcome<Self, ()> {
        rocket::outcome::Outcome::Success(InRequest(request))
    }
}

fn routes(rocket: Rocket<Build>) -> Rocket<Build> {
    let users = Users::default();
    for id in 1..=3 {
        users.set(id, Row::Stamp("old"));
    }
    rocket
        .manage(users)
        .mount(
            "/",
            routes![
                login_page,
                log_in,
                log_in_by_the_setter,
                log_out,
                member,
                many,
                known,
                asked,
                change,
                slow,
                change_password,
                log_in_again
            ],
        )
        .register("/", catchers![gone])
}

async fn site() -> Site {
    Site::launch(routes).await
}

impl Site {
    fn users(&self) -> &Users {
        self.client.rocket().state().expect("the users")
    }

    async fn post(&self, path: &str) -> Status {
        self.client.post(path.to_owned()).dispatch().await.status()
    }

    /// The status for a browser that asks for a page.
    async fn page(&self, path: &str) -> Status {
        let request = self.client.get(path.to_owned()).header(rocket::http::Accept::HTML);
        request.dispatch().await.status()
    }
}

#[rocket::async_test]
async fn the_user_is_found_once_for_three_guards_and_a_catcher() {
    let site = site().await;
    assert_eq!(site.post("/login/1").await, Status::Ok);
    site.users().finds();
    assert_eq!(site.text("/many").await, "caught 1");
    assert_eq!(site.users().finds(), 1);
}

#[rocket::async_test]
async fn a_page_that_wants_the_session_alone_finds_no_user() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().finds();
    assert_eq!(site.page("/known").await, Status::Ok);
    assert_eq!(site.users().finds(), 0);
}

#[rocket::async_test]
async fn a_user_who_is_gone_is_logged_out_and_sent_to_the_login_page() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().remove(1);
    assert_eq!(site.page("/known").await, Status::Ok);
    assert_eq!(site.page("/member").await, Status::SeeOther);
    // Also for guards that do not look at users.
    assert_eq!(site.page("/known").await, Status::Unauthorized);
    site.users().set(1, Row::Stamp("old"));
    assert_eq!(site.get("/member").await.status(), Status::Unauthorized);
}

#[rocket::async_test]
async fn where_users_can_not_be_looked_for_everybody_stays_logged_in() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().set(1, Row::Fails);
    assert_eq!(site.page("/member").await, Status::ServiceUnavailable);
    site.users().set(1, Row::Stamp("old"));
    assert_eq!(site.page("/member").await, Status::Ok);
}

#[rocket::async_test]
async fn another_stamp_ends_the_logins_that_have_the_old_one() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().set(1, Row::Stamp("new"));
    assert_eq!(site.page("/member").await, Status::SeeOther);
    assert_eq!(site.get("/known").await.status(), Status::Unauthorized);
    assert_eq!(site.post("/login/1").await, Status::Ok);
    assert_eq!(site.page("/member").await, Status::Ok);
}

#[rocket::async_test]
async fn a_login_without_a_stamp_gets_it_when_the_user_is_found() {
    let site = site().await;
    site.post("/bare/1").await;
    assert_eq!(site.page("/member").await, Status::Ok);
    site.users().set(1, Row::Stamp("new"));
    assert_eq!(site.page("/member").await, Status::SeeOther);
}

#[rocket::async_test]
async fn setting_the_login_field_drops_the_stamp() {
    let site = site().await;
    site.post("/login/1").await;
    site.post("/bare/1").await;
    site.users().set(1, Row::Stamp("new"));
    assert_eq!(site.page("/member").await, Status::Ok, "the new stamp is the first that it sees");
    site.users().set(1, Row::Stamp("newest"));
    assert_eq!(site.page("/member").await, Status::SeeOther);
}

#[rocket::async_test]
async fn a_login_without_a_stamp_ends_where_one_is_required() {
    let site = Site::launch_with(|config| config.session_stamp_required = true, routes).await;
    site.post("/bare/1").await;
    assert_eq!(site.page("/known").await, Status::Ok);
    assert_eq!(site.page("/member").await, Status::SeeOther);
    assert_eq!(site.get("/known").await.status(), Status::Unauthorized);
    site.post("/login/1").await;
    assert_eq!(site.page("/member").await, Status::Ok);
}

#[rocket::async_test]
async fn a_change_of_user_drops_the_stamp_of_the_one_before() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().set(2, Row::Stamp("new"));
    site.post("/bare/2").await;
    assert_eq!(site.text("/member").await, "2");
    site.users().set(2, Row::Stamp("newest"));
    assert_eq!(site.page("/member").await, Status::SeeOther);
}

#[rocket::async_test]
async fn a_request_that_logs_somebody_else_in_finds_that_user_afterwards() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().finds();
    site.post("/change/2").await;
    assert_eq!(site.users().finds(), 1);
    assert_eq!(site.text("/member").await, "2");
}

#[rocket::async_test]
async fn a_check_that_takes_the_user_may_answer_as_any_other() {
    let site = site().await;
    assert_eq!(site.page("/asked").await, Status::Unauthorized);
    for (id, status) in [(1, Status::Ok), (2, Status::Forbidden), (3, Status::ImATeapot)] {
        site.post(&format!("/login/{id}")).await;
        assert_eq!(site.page("/asked").await, status, "{id}");
    }
    site.users().remove(3);
    assert_eq!(site.page("/asked").await, Status::Unauthorized);
}

#[rocket::async_test]
async fn logging_out_leaves_nobody_and_nothing() {
    let site = site().await;
    site.post("/bare/1").await;
    assert_eq!(site.text("/known").await, "tea");
    assert_eq!(site.post("/log-out").await, Status::Ok);
    assert_eq!(site.page("/known").await, Status::Unauthorized);
    assert_eq!(site.post("/log-out").await, Status::Ok);
}

#[rocket::async_test]
async fn an_application_that_does_not_manage_what_finds_users_does_not_launch() {
    let sessions = || rocket_session_state::Sessions::with_config(crate::site::config());
    let without = quiet().attach(sessions()).mount("/", routes![login_page, member]);
    assert!(!launches(without).await);
    let with = quiet().attach(sessions()).manage(Users::default()).mount("/", routes![login_page, member]);
    assert!(launches(with).await);
}

/// The cookie that an answer sets.
fn cookie(answer: &LocalResponse<'_>) -> Option<String> {
    answer.headers().get_one("Set-Cookie").map(str::to_owned)
}

#[rocket::async_test]
async fn a_request_beside_a_change_of_the_password_logs_nobody_out_if_it_is_answered_first() {
    let site = site().await;
    site.post("/login/1").await;
    let password = &site.users().change_of_password;
    let beside = async {
        password.come.notified().await;
        let answer = site.get("/member").await;
        assert_eq!((answer.status(), cookie(&answer)), (Status::Unauthorized, None));
        password.go_on.notify_one();
    };
    let (changed, ()) = rocket::tokio::join!(site.post("/password"), beside);
    assert_eq!(changed, Status::Ok);
    assert_eq!(site.text("/member").await, "1");
}

#[rocket::async_test]
async fn a_request_beside_a_change_of_the_password_logs_nobody_out_if_it_is_answered_last() {
    let site = site().await;
    site.post("/bare/1").await;
    site.get("/member").await;
    let slow = &site.users().slow_guard;
    site.users().change_of_password.go_on.notify_one();
    let beside = async {
        slow.come.notified().await;
        assert_eq!(site.post("/password").await, Status::Ok);
        slow.go_on.notify_one();
    };
    let (answer, ()) = rocket::tokio::join!(site.get("/slow"), beside);
    assert_eq!((answer.status(), cookie(&answer)), (Status::Unauthorized, None));
    drop(answer);
    assert_eq!((site.text("/member").await, site.text("/known").await), ("1".to_owned(), "tea".to_owned()));
}

#[rocket::async_test]
async fn a_request_that_was_logged_out_and_logs_in_again_has_its_user() {
    let site = site().await;
    site.post("/login/1").await;
    site.users().set(1, Row::Stamp("new"));
    assert_eq!(site.post("/again").await, Status::Ok);
    assert_eq!(site.text("/member").await, "1");
}
