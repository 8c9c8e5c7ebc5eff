//! A login of Flask-Login's is a login here, and the other way round (`docs/flask-login.md`).

use std::time::{SystemTime, UNIX_EPOCH};

use rocket::figment::providers::{Format as _, Toml};
use rocket::http::{Header, Status};
use rocket::local::blocking::Client as Rocket;
use rocket::{get, routes};
use rocket_session_state::{Sessions, require_session, session_state};
use serde_json::{Value, json};
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use sha2::{Digest as _, Sha512};

use crate::pair::Settings;

mod shared;
mod users;

/// A visitor of both applications.
#[session_state]
struct Visit {
    #[session(login, key = "_user_id")]
    user_id: Option<String>,
    #[session(key = "_fresh")]
    fresh: bool,
    #[session(key = "_id")]
    browser: Option<String>,
    #[session(key = "_remember")]
    remember: Option<String>,
    cart: Vec<String>,
}

#[require_session(Visit)]
struct Member {
    user_id: String,
}

#[get("/who")]
fn who(member: Member, visit: Visit) -> String {
    json!([member.user_id, visit.fresh()]).to_string()
}

#[get("/log-in/<name>?<browser>")]
fn log_in(name: &str, browser: Option<String>, visit: Visit) {
    visit.set_user_id(name);
    visit.set_fresh(true);
    if let Some(browser) = browser {
        visit.set_browser(browser);
    }
}

#[get("/log-out?<forget>")]
fn log_out(forget: bool, visit: Visit) {
    visit.take_user_id();
    if forget {
        visit.set_remember("clear");
    }
}

#[get("/fill")]
fn fill(visit: Visit) {
    visit.update_cart(|cart| cart.push("tea".into()));
}

#[get("/cart")]
fn cart(visit: Visit) -> String {
    visit.cart().join(" ")
}

/// Both applications and the browser of one visitor.
struct Site {
    rocket: Rocket,
    flask: Flask,
    jar: Jar,
}

impl Site {
    fn start(settings: Settings<'_>) -> Site {
        let figment = rocket::Config::figment()
            .merge(Toml::string(&settings.rocket_toml()).nested())
            .merge(("log_level", "off"));
        let rocket = rocket::custom(figment)
            .attach(Sessions::fairing())
            .mount("/", routes![who, log_in, log_out, fill, cart]);
        let rocket = users::mount(rocket);
        Site {
            rocket: Rocket::untracked(rocket).expect("the application launches"),
            flask: Flask::configured("logins.py", settings.engine, &settings.flask_config()),
            jar: Jar::default(),
        }
    }

    fn ours(&self, path: &str) -> (Status, String) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let mut request = self.rocket.get(path.to_owned());
        if let Some(cookies) = self.jar.header(now) {
            request = request.header(Header::new("Cookie", cookies));
        }
        let response = request.dispatch();
        response.headers().get("Set-Cookie").for_each(|line| self.jar.take(line, now));
        (response.status(), response.into_string().unwrap_or_default())
    }

    /// The user who is logged in here, and whether freshly.
    fn seen_by_ours(&self) -> Value {
        match self.ours("/who") {
            (Status::Ok, text) => serde_json::from_str(&text).unwrap(),
            (status, _) => json!(status.code),
        }
    }

    fn flask(&self, path: &str) -> session_tests::client::Answer {
        let client = Client::with_jar(&self.flask.url(), &self.jar);
        client.get(path).header("User-Agent", "a browser").send()
    }

    fn seen_by_flask(&self) -> Value {
        self.flask("/who").json()
    }
}

fn on_every_engine(test: impl Fn(&Site)) {
    let redis = Redis::start();
    for settings in [Settings::cookie(), Settings::records(&redis, "msgpack", false)] {
        test(&Site::start(settings));
    }
}

#[test]
fn who_logs_in_at_flask_is_logged_in_here_until_either_side_ends_it() {
    on_every_engine(|site| {
        assert_eq!(site.seen_by_ours(), json!(401));
        for log_out_at_flask in [true, false] {
            assert_eq!(site.flask("/log-in/momo").text(), "welcome");
            assert_eq!(site.seen_by_ours(), json!(["momo", true]));
            site.ours("/fill");
            assert_eq!(site.seen_by_flask(), json!(["momo", true]), "a change here does not touch the login");
            if log_out_at_flask {
                site.flask("/log-out");
            } else {
                site.ours("/log-out");
            }
            assert_eq!(site.seen_by_ours(), json!(401));
            assert_eq!(site.flask("/members").status, 401);
        }
    });
}

#[test]
fn who_logs_in_here_is_logged_in_at_flask_and_fresh_there_only_with_the_browsers_mark() {
    on_every_engine(|site| {
        site.ours("/log-in/momo");
        assert_eq!(site.flask("/members").text(), "momo");
        assert_eq!(site.seen_by_flask(), json!(["momo", false]));

        let browser = Sha512::digest("b'127.0.0.1'|b'a browser'");
        let hex: String = browser.iter().map(|byte| format!("{byte:02x}")).collect();
        site.ours(&format!("/log-in/momo?browser={hex}"));
        assert_eq!(site.seen_by_flask(), json!(["momo", true]));
        site.flask("/log-out");
        assert_eq!(site.seen_by_ours(), json!(401));
    });
}

#[test]
fn nothing_of_a_user_who_logged_in_at_flask_reaches_the_next_one() {
    on_every_engine(|site| {
        site.flask("/log-in/momo");
        site.ours("/fill");
        site.ours("/log-in/lili");
        assert_eq!(site.seen_by_flask(), json!(["lili", false]));
        assert_eq!(site.ours("/cart").1, "");
    });
}

#[test]
fn a_logout_here_holds_against_the_remember_me_cookie_if_it_says_so() {
    on_every_engine(|site| {
        site.flask("/log-in/momo?remember");
        assert!(site.jar.get("remember_token").is_some());
        site.ours("/log-out?forget=false");
        assert_eq!(site.seen_by_flask(), json!(["momo", false]), "what the document warns of");
        site.ours("/log-out?forget=true");
        assert_eq!(site.seen_by_flask(), json!([null, false]));
        assert_eq!(site.jar.get("remember_token"), None);
        assert_eq!(site.flask("/members").status, 401);
    });
}
