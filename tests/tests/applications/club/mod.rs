//! A small application as a user of the library writes it, configured for a server that no test has.

mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rocket::form::Form;
use rocket::http::Status;
use rocket::{Build, FromForm, Rocket, State, get, post, routes, uri};
use rocket_session_state::{Next, SessionUser, Sessions, require_session, session_state};

/// Members by their number.
#[derive(Default)]
struct Members(Mutex<BTreeMap<i64, User>>);

#[derive(Clone)]
struct User {
    id: i64,
    name: String,
    /// A real application keeps a hash, and so does the session.
    password: String,
}

impl Members {
    fn get(&self, id: i64) -> Option<User> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn put(&self, user: User) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(user.id, user);
    }
}

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = &'r State<Members>;

    async fn find(id: &i64, members: &State<Members>) -> Result<Option<User>, Status> {
        Ok(members.get(*id))
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        &self.password
    }
}

#[session_state(user = User)]
struct Visit {
    #[session(login)]
    user_id: Option<i64>,
    visits: u32,
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
struct Member {
    #[session(user)]
    user: User,
}

#[require_session(Member, check = User::is_admin)]
struct Admin;

#[require_session(Member, fresh = "10 minutes")]
struct Fresh {
    #[session(user)]
    user: User,
}

impl User {
    fn is_admin(&self) -> bool {
        self.id == 1
    }
}

#[get("/login?<next>")]
fn login_page(next: Option<Next>) -> String {
    format!("Log in to see {}", next.unwrap_or_default())
}

#[derive(FromForm)]
struct Login<'r> {
    id: i64,
    password: &'r str,
    remember: bool,
}

#[post("/login", data = "<login>")]
fn log_in(login: Form<Login<'_>>, members: &State<Members>, visit: Visit) -> Result<(), Status> {
    let user = members.get(login.id).filter(|user| user.password == login.password);
    visit.log_in(&user.ok_or(Status::Forbidden)?);
    if login.remember {
        let month = std::time::Duration::from_secs(30 * 24 * 60 * 60);
        visit.session().set_lifetime(month).map_err(|_| Status::InternalServerError)?;
    }
    Ok(())
}

#[get("/account")]
fn account(member: Member, visit: Visit) -> String {
    let messages = visit.take_flashes().into_iter().map(|flash| flash.message);
    visit.update_visits(|visits| *visits += 1);
    messages.chain([format!("Hello {}", member.user.name)]).collect::<Vec<_>>().join("\n")
}

#[derive(FromForm)]
struct Change<'r> {
    password: &'r str,
}

#[post("/password", data = "<change>")]
fn change_password(change: Form<Change<'_>>, who: Fresh, members: &State<Members>, visit: Visit) {
    let user = User { password: change.password.to_owned(), ..who.user };
    visit.log_in(&user);
    visit.flash("Your password is changed.", "success");
    members.put(user);
}

#[get("/members/<id>")]
fn member(_admin: Admin, id: i64, members: &State<Members>) -> Option<String> {
    members.get(id).map(|user| user.name)
}

fn momo() -> User {
    User { id: 1, name: "momo".to_owned(), password: "rice".to_owned() }
}

fn bebe() -> User {
    User { id: 2, name: "bebe".to_owned(), password: "tea".to_owned() }
}

fn rocket() -> Rocket<Build> {
    let figment = rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(("session_type", "redis"))
        .merge(("session_redis", "redis://sessions.example:6379/0"))
        .merge(("permanent_session_lifetime", "2 hours"));
    let members = Members::default();
    [momo(), bebe()].into_iter().for_each(|user| members.put(user));
    rocket::custom(figment)
        .attach(Sessions::fairing())
        .manage(members)
        .mount("/", routes![login_page, log_in, account, change_password])
        .mount("/admin", routes![member])
}
