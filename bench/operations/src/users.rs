//! Pages of somebody who is logged in, without the user and with, in a whole application without a network.

use std::sync::Arc;

use rocket::http::{Cookie, Status};
use rocket::local::asynchronous::Client;
use rocket::{get, post, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::{SessionUser, Sessions, require_session, session_state};

use crate::{Result, mark, skip};

/// A user who is found without looking: what is counted is the library's part.
#[derive(Clone)]
struct User {
    id: u64,
}

impl SessionUser for User {
    type Id = u64;
    type Source<'r> = ();

    async fn find(id: &u64, (): ()) -> std::result::Result<Option<User>, Status> {
        Ok(Some(User { id: *id }))
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        "$argon2id$v=19$m=19456,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno"
    }
}

/// A user without a stamp.
#[derive(Clone)]
struct Plain(u64);

impl SessionUser for Plain {
    type Id = u64;
    type Source<'r> = ();

    async fn find(id: &u64, (): ()) -> std::result::Result<Option<Plain>, Status> {
        Ok(Some(Plain(*id)))
    }

    fn id(&self) -> u64 {
        self.0
    }
}

#[session_state(user = Plain)]
struct PlainVisit {
    #[session(login)]
    user_id: Option<u64>,
}

#[require_session(PlainVisit)]
struct WithPlainUser {
    #[session(user)]
    user: Plain,
}

#[session_state(user = User)]
struct Visit {
    #[session(login)]
    user_id: Option<u64>,
}

#[require_session(Visit)]
struct Member {
    user_id: u64,
}

#[require_session(Visit)]
struct WithUser {
    #[session(user)]
    user: User,
}

#[require_session(WithUser)]
struct WithSameUser {
    #[session(user)]
    user: Arc<User>,
}

#[post("/login")]
fn log_in(visit: Visit) {
    visit.log_in(&User { id: 1 });
}

#[get("/plain")]
fn plain(member: Member) -> String {
    member.user_id.to_string()
}

#[get("/unstamped")]
fn unstamped(member: WithPlainUser) -> String {
    member.user.0.to_string()
}

#[get("/user")]
fn user(member: WithUser) -> String {
    member.user.id.to_string()
}

#[get("/twice")]
fn twice(member: WithSameUser) -> String {
    member.user.id.to_string()
}

const PAGES: [(&str, &str); 4] = [
    ("/plain", "a guard"),
    ("/unstamped", "a guard with the user, who has no stamp"),
    ("/user", "a guard with the user, whose stamp is compared"),
    ("/twice", "two guards with that user"),
];

/// The pages, each so many times.
pub(crate) async fn run(times: usize) -> Result<()> {
    let mut sessions = SessionConfig::default();
    sessions.session_type = SessionType::Memory;
    sessions.secret_key = Some("a key that codes of stamps are made with".into());
    let config =
        rocket::Config { log_level: rocket::config::LogLevel::Off, ..rocket::Config::debug_default() };
    let rocket = rocket::custom(config).attach(Sessions::with_config(sessions));
    let client = Client::untracked(rocket.mount("/", routes![log_in, plain, unstamped, user, twice])).await?;
    let cookie = {
        let answer = client.post("/login").dispatch().await;
        answer.cookies().get("session").map(|cookie| cookie.value().to_owned()).ok_or("no session")?
    };
    for times in [times, 2 * times] {
        for (page, name) in PAGES {
            skip();
            for _ in 0..times {
                let request = client.get(page).cookie(Cookie::new("session", cookie.clone()));
                let status = request.dispatch().await.status();
                if status != Status::Ok {
                    return Err(format!("{page} answers {status}").into());
                }
            }
            mark(times, name);
        }
    }
    Ok(())
}
