//! Users of all shapes, each found by another source.

use std::convert::Infallible;
use std::sync::Arc;

use rocket::http::{CookieJar, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Route, async_trait, get, post, routes};
use rocket_session_state::{Access, SessionUser, require_session, session_state};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A number that is more than a number to its application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct UserId(i64);

/// A request guard that is owned.
struct Db;

#[async_trait]
impl<'r> FromRequest<'r> for Db {
    type Error = Infallible;

    async fn from_request(_: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Db)
    }
}

/// A source that may be absent.
mod by_option {
    use super::*;

    #[derive(Clone, Serialize)]
    pub(super) struct User {
        pub(super) id: UserId,
    }

    impl SessionUser for User {
        type Id = UserId;
        type Source<'r> = Option<Db>;

        async fn find(id: &UserId, db: Option<Db>) -> Result<Option<Self>, Status> {
            Ok(db.map(|Db| User { id: id.clone() }))
        }

        fn id(&self) -> UserId {
            self.id.clone()
        }
    }
}

/// Names the user by a path, with other fields around it, and serializes both.
#[session_state(user = by_option::User)]
#[derive(Serialize)]
struct Visit {
    views: u32,
    #[session(login, key = "uid")]
    user_id: Option<UserId>,
    theme: Option<String>,
}

#[require_session(Visit, check = |member: &Member| member.views == 3)]
#[derive(Serialize)]
struct Member {
    theme: String,
    #[session(user)]
    me: by_option::User,
    views: u32,
}

type Chosen = by_option::User;

/// Builds upon another guard that has the user, as a reference-counted one, and decides by a closure.
#[require_session(Member, check = |user: &Chosen| user.id == UserId(1))]
struct First {
    #[cfg(not(test))]
    #[session(user)]
    me: Missing,
    #[cfg(test)]
    #[session(user)]
    me: Arc<Chosen>,
}

/// Has no user in this build, so none is looked for.
#[require_session(Visit)]
struct Nobody {
    #[cfg(not(test))]
    #[session(user)]
    me: Missing,
}

#[post("/login/<id>")]
fn login(id: i64, visit: Visit) {
    visit.log_in(&Chosen { id: UserId(id) });
    visit.set_views(3);
    visit.set_theme("dark");
}

#[get("/member")]
fn member(member: Member, visit: Visit) -> String {
    json!([member, visit]).to_string()
}

#[get("/first")]
fn first(first: First, _nobody: Nobody) -> String {
    first.me.id.0.to_string()
}

#[test]
fn a_user_stands_beside_other_fields_and_is_serialized_with_them() {
    let client = super::launch(routes![login, member, first]);
    client.post("/login/1").dispatch();
    let seen: Value = serde_json::from_str(&super::get(&client, "/member")).expect("JSON");
    let member = json!({ "theme": "dark", "me": { "id": 1 }, "views": 3 });
    assert_eq!(seen, json!([member, { "views": 3, "user_id": 1, "theme": "dark" }]));
    assert_eq!(super::get(&client, "/first"), "1");
    client.post("/login/2").dispatch();
    assert_eq!(client.get("/first").dispatch().status(), Status::Forbidden);
}

/// A user that is not `Clone`, with a generic type, a text as id, in a state of another module.
struct Account<R> {
    name: String,
    _role: R,
}

struct Plain;

impl SessionUser for Account<Plain> {
    type Id = String;
    type Source<'r> = Result<&'r CookieJar<'r>, Infallible>;

    async fn find(name: &String, jar: Result<&CookieJar<'_>, Infallible>) -> Result<Option<Self>, Status> {
        let Ok(jar) = jar;
        Ok(jar.get("session").map(|_| Account { name: name.clone(), _role: Plain }))
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        [1, 2, 3]
    }
}

mod elsewhere {
    use super::*;

    #[session_state(user = Account<Plain>)]
    pub(super) struct Visit {
        #[session(login)]
        name: Option<String>,
    }

    #[require_session(Visit, check = knows)]
    pub(super) struct Member {
        #[session(user)]
        pub(super) account: Arc<Account<Plain>>,
    }

    fn knows(account: &Account<Plain>) -> Result<Access, Status> {
        Ok(if account.name.is_empty() { Access::LogIn } else { Access::Allowed })
    }
}

#[post("/login?<name>")]
fn login_by_name(name: String, visit: elsewhere::Visit) {
    visit.log_in(&Account { name, _role: Plain });
}

#[get("/name")]
fn name(member: elsewhere::Member) -> String {
    member.account.name.clone()
}

#[test]
fn a_user_may_be_generic_not_clone_and_in_another_module_than_its_state() {
    let client = super::launch(routes![login_by_name, name]);
    client.post("/login?name=momo").dispatch();
    assert_eq!(super::get(&client, "/name"), "momo");
    client.post("/login?name=").dispatch();
    assert_eq!(client.get("/name").dispatch().status(), Status::Unauthorized);
}

/// Declares a state and its user from a macro of the application's own.
macro_rules! users {
    ($name:ident, $user:ty, $id:ty, $source:ty) => {
        mod $name {
            use super::*;

            pub(super) struct User(pub(super) $id);

            impl SessionUser for $user {
                type Id = $id;
                type Source<'r> = $source;

                async fn find(id: &$id, _: $source) -> Result<Option<Self>, Status> {
                    Ok(Some(User(id.clone())))
                }

                fn id(&self) -> $id {
                    self.0.clone()
                }
            }

            #[session_state(user = $user)]
            pub(super) struct Visit {
                #[session(login)]
                id: Option<$id>,
            }

            #[require_session(Visit)]
            pub(super) struct Member {
                #[session(user)]
                pub(super) user: Arc<$user>,
            }

            #[post("/login")]
            fn login(visit: Visit) {
                visit.log_in(&User(7));
            }

            #[get("/id")]
            fn id(member: Member) -> String {
                member.user.0.to_string()
            }

            pub(super) fn routes() -> Vec<Route> {
                routes![login, id]
            }
        }
    };
}

users!(by_nothing, User, u8, ());
users!(by_a_guard, User, i128, Db);

#[test]
fn a_macro_declares_states_with_users() {
    for routes in [by_nothing::routes(), by_a_guard::routes()] {
        let client = super::launch(routes);
        client.post("/login").dispatch();
        assert_eq!(super::get(&client, "/id"), "7");
    }
}

/// A state that names no user keeps a method `log_in` of its own.
#[session_state]
struct Own {
    #[session(login)]
    username: Option<String>,
}

impl Own {
    fn log_in(&self, username: &str) {
        self.set_username(username);
    }
}

#[post("/login")]
fn log_in_by_an_own_method(own: Own) {
    own.log_in("momo");
}

#[get("/who")]
fn who(own: Own) -> String {
    own.username().unwrap_or_default()
}

#[test]
fn a_state_without_a_user_may_have_a_method_log_in_of_its_own() {
    let client = super::launch(routes![log_in_by_an_own_method, who]);
    client.post("/login").dispatch();
    assert_eq!(super::get(&client, "/who"), "momo");
}
