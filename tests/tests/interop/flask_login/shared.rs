//! Flask-Login's remember-me cookie, and its sense of the browser, on both sides (`Sessions::fairing().flask_login()`).

use std::time::{SystemTime, UNIX_EPOCH};

use rocket::figment::providers::{Format as _, Toml};
use rocket::http::{Header, Status};
use rocket::local::blocking::Client as Rocket;
use rocket::{State, get, routes};
use rocket_session_state::{SessionUser as _, Sessions, require_session};
use serde_json::{Value, json};
use session_tests::client::{Answer, Client};
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;

use super::users::{Member, Passwords, User, Visit};
use crate::pair::Settings;

#[require_session(Visit, fresh = "10 minutes")]
struct Fresh;

#[get("/who")]
fn who(member: Option<Member>) -> String {
    member.map_or_else(|| "nobody".to_owned(), |member| member.user.name)
}

#[get("/fresh")]
fn fresh(_fresh: Fresh) {}

#[get("/log-in/<name>?<remember>")]
async fn log_in(
    name: String,
    remember: bool,
    visit: Visit,
    passwords: &State<Passwords>,
) -> Result<(), Status> {
    visit.log_in(&User::find(&name, passwords).await?.ok_or(Status::NotFound)?);
    if remember {
        visit.remember_login();
    }
    Ok(())
}

#[get("/log-out")]
fn log_out(visit: Visit) {
    visit.log_out();
}

/// Both applications and one browser. It has an address of its own, of which a proxy tells both.
struct Site {
    rocket: Rocket,
    flask: Flask,
    jar: Jar,
}

impl Site {
    /// The keys have Flask's names and typed values.
    fn start(settings: Settings<'_>, keys: &Value) -> Site {
        let figment = rocket::Config::figment()
            .merge(Toml::string(&settings.rocket_toml()).nested())
            .merge(("log_level", "off"));
        let mut flask = settings.flask_config();
        let mut rocket_keys = keys.clone();
        for (key, value) in keys.as_object().unwrap() {
            flask[key] = value.clone();
            rocket_keys[key.to_lowercase()] = rocket_keys.as_object_mut().unwrap().remove(key).unwrap();
        }
        let figment = figment.merge(rocket::figment::providers::Serialized::globals(rocket_keys));
        let rocket = rocket::custom(figment)
            .attach(Sessions::fairing().flask_login::<Visit>())
            .manage(Passwords::default())
            .mount("/", routes![who, fresh, log_in, log_out]);
        Site {
            rocket: Rocket::untracked(rocket).expect("the application launches"),
            flask: Flask::configured("logins.py", settings.engine, &flask),
            jar: Jar::default(),
        }
    }

    fn ours_from(&self, address: &str, path: &str) -> (u16, String) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let mut request = self.rocket.get(path.to_owned()).remote("127.0.0.1:1".parse().unwrap());
        request = request.header(Header::new("User-Agent", "it's \"a browser\" (é)"));
        if !address.is_empty() {
            request = request.header(Header::new("X-Forwarded-For", address.to_owned()));
        }
        if let Some(cookies) = self.jar.header(now) {
            request = request.header(Header::new("Cookie", cookies));
        }
        let response = request.dispatch();
        response.headers().get("Set-Cookie").for_each(|line| self.jar.take(line, now));
        (response.status().code, response.into_string().unwrap_or_default())
    }

    fn ours(&self, path: &str) -> (u16, String) {
        self.ours_from("", path)
    }

    fn seen_by_ours(&self) -> String {
        self.ours("/who").1
    }

    fn is_fresh_here(&self) -> bool {
        self.ours("/fresh").0 == 200
    }

    fn flask(&self, path: &str) -> Answer {
        let client = Client::with_jar(&self.flask.url(), &self.jar);
        client.get(path).header("User-Agent", "it's \"a browser\" (é)").send()
    }

    fn seen_by_flask(&self) -> Value {
        self.flask("/who").json()
    }

    /// Closes the browser, or lets the session expire.
    fn forget_session(&self) {
        self.jar.put("session", "");
    }

    /// Logs nobody out, and begins with another browser.
    fn forget_all(&self) {
        self.forget_session();
        self.jar.put("remember_token", "");
    }
}

fn on_every_engine(keys: &Value, test: impl Fn(&Site)) {
    let redis = Redis::start();
    for settings in [Settings::cookie(), Settings::records(&redis, "msgpack", false)] {
        test(&Site::start(settings, keys));
    }
}

#[test]
fn whom_flask_remembers_is_logged_in_by_a_page_that_has_moved_and_not_fresh_on_either_side() {
    on_every_engine(&json!({}), |site| {
        site.flask("/log-in/momo?remember");
        site.forget_session();
        assert_eq!(site.seen_by_ours(), "momo");
        assert!(!site.is_fresh_here());
        assert_eq!(site.seen_by_flask(), json!(["momo", false]));
        assert_eq!(site.flask("/fresh").status, 401);
        assert_eq!(site.flask("/members").text(), "momo");
        site.flask("/log-in/momo");
        assert_eq!(site.flask("/fresh").text(), "momo");
    });
}

#[test]
fn whom_we_remember_is_logged_in_by_flask_with_the_very_cookie_that_it_makes() {
    on_every_engine(&json!({}), |site| {
        for user in ["momo", "user, 7; \"é|🙂\\"] {
            let path = format!("/log-in/{}", rocket::http::RawStr::new(user).percent_encode());
            site.flask(&format!("{path}?remember"));
            let of_flask = site.jar.get("remember_token");
            site.forget_all();
            assert_eq!(site.ours(&format!("{path}?remember=true")).0, 200);
            assert_eq!(site.jar.get("remember_token"), of_flask);
            site.forget_session();
            assert_eq!(site.seen_by_flask(), json!([user, false]));
            site.forget_session();
            assert_eq!(site.seen_by_ours(), user);
            site.forget_all();
        }
    });
}

#[test]
fn a_log_out_on_either_side_ends_the_cookie_of_the_other() {
    on_every_engine(&json!({}), |site| {
        for (remembers, logs_out) in [(true, true), (true, false), (false, true), (false, false)] {
            if remembers {
                site.ours("/log-in/momo?remember=true");
            } else {
                site.flask("/log-in/momo?remember");
            }
            assert!(site.jar.get("remember_token").is_some_and(|cookie| !cookie.is_empty()));
            if logs_out {
                site.ours("/log-out");
            } else {
                site.flask("/log-out");
            }
            assert_eq!(site.jar.get("remember_token"), None);
            assert_eq!((site.seen_by_ours(), site.seen_by_flask()), ("nobody".into(), json!([null, false])));
            site.forget_all();
        }
    });
}

#[test]
fn a_log_in_here_is_fresh_in_flask_and_one_there_is_of_the_same_browser_here() {
    on_every_engine(&json!({}), |site| {
        site.ours("/log-in/momo");
        assert_eq!(site.seen_by_flask(), json!(["momo", true]));
        assert!(site.is_fresh_here(), "Flask has found the browser that has logged in");
        site.forget_all();
        site.flask("/log-in/momo");
        assert_eq!(site.seen_by_ours(), "momo");
        assert_eq!(site.seen_by_flask(), json!(["momo", true]), "and so have we");
    });
}

#[test]
fn a_login_that_moves_to_another_address_is_fresh_on_neither_side() {
    on_every_engine(&json!({}), |site| {
        for login in
            [|site: &Site| drop(site.ours("/log-in/momo")), |site: &Site| drop(site.flask("/log-in/momo"))]
        {
            login(site);
            assert_eq!(site.ours_from("192.0.2.7, 127.0.0.1", "/who").1, "momo");
            assert_eq!(site.seen_by_flask(), json!(["momo", false]));
            assert!(!site.is_fresh_here());
            site.forget_all();
        }
    });
}

#[test]
fn a_strong_protection_keeps_the_logins_of_both_sides_and_ends_one_that_moves() {
    let redis = Redis::start();
    let records = Settings { permanent: false, ..Settings::records(&redis, "msgpack", false) };
    for settings in [Settings::cookie(), records] {
        let site = Site::start(settings, &json!({ "SESSION_PROTECTION": "strong" }));
        for login in [
            |site: &Site| drop(site.ours("/log-in/momo?remember=true")),
            |site: &Site| drop(site.flask("/log-in/momo?remember")),
        ] {
            login(&site);
            assert_eq!((site.seen_by_flask(), site.seen_by_ours()), (json!(["momo", true]), "momo".into()));
            assert_eq!(site.ours_from("192.0.2.7", "/who").1, "nobody");
            assert_eq!(site.jar.get("remember_token"), None);
            assert_eq!((site.seen_by_flask(), site.seen_by_ours()), (json!([null, false]), "nobody".into()));
            site.forget_all();
        }
        // Flask-Login itself loses who came by the cookie at the next request: it names no browser then.
        site.ours("/log-in/momo?remember=true");
        site.forget_session();
        assert_eq!(site.seen_by_ours(), "momo");
        assert_eq!((site.seen_by_flask(), site.seen_by_ours()), (json!(["momo", false]), "momo".into()));
    }
}

#[test]
fn a_login_that_flask_confirms_is_fresh_there_and_still_asks_for_a_password_here() {
    on_every_engine(&json!({}), |site| {
        site.flask("/log-in/momo?remember");
        site.forget_session();
        assert_eq!(site.seen_by_ours(), "momo");
        site.flask("/confirm");
        assert_eq!(site.seen_by_flask(), json!(["momo", true]));
        assert!(!site.is_fresh_here());
    });
}

#[test]
fn the_keys_of_the_cookie_mean_the_same_on_both_sides() {
    let keys = json!({
        "REMEMBER_COOKIE_NAME": "stay",
        "REMEMBER_COOKIE_DURATION": 3600,
        "REMEMBER_COOKIE_DOMAIN": "localhost",
        "REMEMBER_COOKIE_PATH": "/shop",
        "REMEMBER_COOKIE_SECURE": false,
        "REMEMBER_COOKIE_HTTPONLY": false,
        "REMEMBER_COOKIE_SAMESITE": "Strict",
        "REMEMBER_COOKIE_REFRESH_EACH_REQUEST": true,
    });
    let without_time = |lines: Vec<String>| -> Vec<String> {
        let mut lines: Vec<_> = lines.into_iter().filter(|line| line.starts_with("stay=")).collect();
        for line in &mut lines {
            let (before, time) = line.split_once("Expires=").unwrap();
            let ends = httpdate(time.split(';').next().unwrap());
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
            assert!((3590..=3601).contains(&(ends - now)), "{line}");
            *line = format!("{before}{}", time.split_once(';').unwrap().1);
        }
        lines
    };
    let site = Site::start(Settings::cookie(), &keys);
    let of_flask = |path: &str| {
        let headers = site.flask(path).headers.into_iter();
        without_time(headers.filter(|(name, _)| name == "set-cookie").map(|(_, line)| line).collect())
    };
    let of_ours = |path: &str| {
        let cookies = site.jar.header(0).unwrap_or_default();
        let request = site.rocket.get(path.to_owned()).header(Header::new("Cookie", cookies));
        let response = request.dispatch();
        response.headers().get("Set-Cookie").for_each(|line| site.jar.take(line, 0));
        without_time(response.headers().get("Set-Cookie").map(str::to_owned).collect())
    };
    let set = of_flask("/log-in/momo");
    assert_eq!(set.len(), 1, "each answer sets it");
    assert_eq!(of_ours("/who"), set);
    assert_eq!(of_ours("/log-in/momo"), set);
    assert_eq!(of_flask("/who"), set);
}

fn httpdate(text: &str) -> i64 {
    cookie_time(&format!("name=; Expires={text}"))
}

fn cookie_time(line: &str) -> i64 {
    let cookie = rocket::http::Cookie::parse(line.to_owned()).unwrap();
    cookie.expires_datetime().unwrap().unix_timestamp()
}
