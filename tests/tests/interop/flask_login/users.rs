//! The user behind a login that both sides share: found here, by the text that Flask-Login keeps.

use std::sync::atomic::{AtomicUsize, Ordering};

use rocket::http::Status;
use rocket::{Build, Rocket, State, get, routes};
use rocket_session_state::{SessionUser, require_session, session_state};
use serde_json::json;

use super::{Site, on_every_engine};

/// Everybody's password: a change of it is counted.
#[derive(Default)]
pub(super) struct Passwords(AtomicUsize);

#[derive(Clone)]
pub(super) struct User {
    pub(super) name: String,
    password: String,
}

impl SessionUser for User {
    type Id = String;
    type Source<'r> = &'r State<Passwords>;

    async fn find(name: &String, passwords: &State<Passwords>) -> Result<Option<Self>, Status> {
        let password = passwords.0.load(Ordering::Relaxed).to_string();
        Ok((name != "nobody").then(|| User { name: name.clone(), password }))
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        &self.password
    }
}

#[session_state(user = User)]
pub(super) struct Visit {
    #[session(login, key = "_user_id")]
    user_id: Option<String>,
}

#[require_session(Visit)]
pub(super) struct Member {
    #[session(user)]
    pub(super) user: User,
}

#[get("/user")]
fn user(member: Member) -> String {
    member.user.name
}

#[get("/user/log-in/<name>")]
async fn log_in(name: String, passwords: &State<Passwords>, visit: Visit) -> Result<(), Status> {
    let user = User::find(&name, passwords).await?.ok_or(Status::NotFound)?;
    visit.log_in(&user);
    Ok(())
}

#[get("/user/log-out")]
fn log_out(visit: Visit) {
    visit.log_out();
}

#[get("/keys")]
fn keys(visit: Visit) -> String {
    visit.keys().join(" ")
}

pub(super) fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket.manage(Passwords::default()).mount("/", routes![user, log_in, log_out, keys])
}

impl Site {
    /// The user whom a guard finds here.
    fn user(&self) -> Result<String, Status> {
        match self.ours("/user") {
            (Status::Ok, name) => Ok(name),
            (status, _) => Err(status),
        }
    }

    fn has_a_stamp(&self) -> bool {
        self.ours("/keys").1.split(' ').any(|key| key == "_stamp")
    }

    fn change_all_passwords(&self) {
        let passwords: &Passwords = self.rocket.rocket().state().expect("the passwords");
        passwords.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_user_of_a_login_at_flask_is_found_here_and_flask_does_not_notice() {
    on_every_engine(|site| {
        site.flask("/log-in/momo");
        assert!(!site.has_a_stamp());
        assert_eq!(site.user().as_deref(), Ok("momo"));
        assert!(site.has_a_stamp(), "the first sight seals it");
        assert_eq!(site.seen_by_flask(), json!(["momo", true]), "still fresh: `_id` and `_fresh` are there");
        assert_eq!(site.user().as_deref(), Ok("momo"));
        site.flask("/log-out");
        assert_eq!(site.user(), Err(Status::Unauthorized));
    });
}

#[test]
fn a_user_who_logs_in_here_is_flasks_current_user_until_either_side_ends_it() {
    on_every_engine(|site| {
        for end in
            [|site: &Site| drop(site.flask("/log-out")), |site: &Site| drop(site.ours("/user/log-out"))]
        {
            assert_eq!(site.ours("/user/log-in/momo").0, Status::Ok);
            assert_eq!(site.flask("/members").text(), "momo");
            assert_eq!(site.seen_by_flask(), json!(["momo", false]), "without `_id` it is not fresh there");
            assert_eq!(site.user().as_deref(), Ok("momo"), "although Flask has written `_fresh`");
            end(site);
            assert_eq!(site.user(), Err(Status::Unauthorized));
            assert_eq!(site.flask("/members").status, 401);
        }
    });
}

#[test]
fn another_password_ends_a_login_at_flask_on_both_sides_once_it_was_seen_here() {
    on_every_engine(|site| {
        site.flask("/log-in/momo");
        site.change_all_passwords();
        assert_eq!(site.user().as_deref(), Ok("momo"), "it was not seen with the old one");
        site.change_all_passwords();
        assert_eq!(site.flask("/members").text(), "momo", "Flask does not look at stamps");
        assert_eq!(site.user(), Err(Status::Unauthorized));
        assert_eq!(site.flask("/members").status, 401);
        site.flask("/log-in/momo");
        assert_eq!(site.user().as_deref(), Ok("momo"));
    });
}

#[test]
fn a_user_who_is_gone_is_logged_out_of_flask_too() {
    on_every_engine(|site| {
        site.flask("/log-in/nobody");
        assert_eq!(site.user(), Err(Status::Unauthorized));
        assert_eq!(site.flask("/members").status, 401);
    });
}

#[test]
fn a_stamp_that_flask_leaves_behind_counts_for_its_user_alone() {
    on_every_engine(|site| {
        site.ours("/user/log-in/momo");
        site.change_all_passwords();
        site.flask("/log-in/lili");
        assert_eq!(site.user().as_deref(), Ok("lili"));

        site.flask("/log-out");
        site.change_all_passwords();
        site.flask("/log-in/lili");
        assert_eq!(site.user(), Err(Status::Unauthorized), "what the document warns of");
        site.flask("/log-in/lili");
        assert_eq!(site.user().as_deref(), Ok("lili"));

        site.change_all_passwords();
        site.flask("/log-in/lili?password");
        assert_eq!(site.user().as_deref(), Ok("lili"), "a login that takes the stamp out");
    });
}
