//! The page of metrics that the guide describes, asked over HTTP after visits of every kind. In a process of its own, since
//! the recorder of metrics is the process's.

use std::collections::BTreeMap;
use std::thread;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rocket::tokio::runtime::Runtime;
use rocket::tokio::sync::Barrier;
use rocket::{Config, Shutdown, State, get, post, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::events::EventKind;
use rocket_session_state::{Session, Sessions, session_state};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::{poll, port, process};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(merge = "refuse")]
    seat: Option<u32>,
    #[session(default = 0, merge = "add")]
    views: u32,
}

#[get("/login?<name>")]
fn login(name: String, visit: Visit) {
    visit.set_username(name);
}

#[get("/logout")]
fn logout(visit: Visit) {
    visit.session().log_out();
}

#[get("/read")]
fn read(session: Session) -> String {
    session.len().to_string()
}

#[post("/write")]
fn write(visit: Visit) {
    visit.update_views(|views| *views += 1);
}

/// Two requests that have both loaded the session before either saves it.
#[get("/meet/<seat>")]
async fn meet(seat: u32, visit: Visit, both: &State<Barrier>) {
    match seat {
        0 => visit.update_views(|views| *views += 1),
        seat => visit.set_seat(seat),
    }
    both.wait().await;
}

#[get("/numbers")]
fn numbers(sessions: Sessions) -> String {
    serde_json::to_string(&sessions.stats()).unwrap_or_default()
}

#[get("/metrics")]
fn metrics(page: &State<PrometheusHandle>) -> String {
    page.render()
}

#[get("/stop")]
fn stop(shutdown: Shutdown) {
    shutdown.notify();
}

/// The samples of a page: the name of each, with its labels, and its value.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

fn sum(samples: &BTreeMap<String, f64>, name: &str, label: &str) -> f64 {
    let counted = samples.iter().filter(|(sample, _)| sample.starts_with(name) && sample.contains(label));
    counted.map(|(_, value)| value).sum()
}

/// What one visitor does, and the status of the two requests that met.
fn visit(url: &str, number: u32) -> [u16; 4] {
    let jar = Jar::default();
    let visitor = Client::with_jar(url, &jar);
    let get = |path: &str| visitor.get(path).send().status;
    assert_eq!(visitor.post("/write").send().status, 200);
    assert_eq!(visitor.post("/write").header("Sec-Fetch-Site", "cross-site").send().status, 403);
    assert_eq!(get(&format!("/login?name=user{number}")), 200);
    (0..3).for_each(|_| assert_eq!(get("/read"), 200));
    let cookie = format!("session={}", jar.get("session").expect("a session cookie"));
    let meet = |seats: [u32; 2]| {
        thread::scope(|scope| {
            let asked = seats.map(|seat| {
                let (path, cookie) = (format!("/meet/{seat}"), &cookie);
                scope.spawn(move || Client::new(url).get(&path).cookie(cookie).send().status)
            });
            asked.map(|asked| asked.join().expect("an answer"))
        })
    };
    let (refused, merged) = (meet([1, 2]), meet([0, 0]));
    assert_eq!(get("/logout"), 200);
    for made_up in [cookie.as_str(), "session=made-up"] {
        assert_eq!(Client::new(url).get("/read").cookie(made_up).send().status, 200);
    }
    [refused[0], refused[1], merged[0], merged[1]]
}

const VISITORS: u32 = 20;

#[test]
fn the_page_adds_up_to_what_the_visitors_did() {
    let page = PrometheusBuilder::new()
        .set_buckets(&[0.000_1, 0.001, 0.01, 0.1, 1.0])
        .and_then(PrometheusBuilder::install_recorder)
        .expect("no other recorder is installed");
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    let port = port::free_port();
    let server = Config { port, log_level: rocket::config::LogLevel::Off, ..Config::debug_default() };
    let rocket = rocket::custom(server)
        .attach(Sessions::with_config(config))
        .manage(page)
        .manage(Barrier::new(2))
        .mount("/", routes![login, logout, read, write, meet, numbers, metrics, stop]);
    let serving = thread::spawn(|| Runtime::new().expect("a runtime").block_on(rocket.launch()).is_ok());
    assert!(poll::until(process::PATIENCE, || port::answers(port)));
    let url = format!("http://127.0.0.1:{port}");

    let mut refused = 0;
    for number in 0..VISITORS {
        let [one, other, third, fourth] = visit(&url, number);
        refused += [one, other].iter().filter(|status| **status == 409).count();
        assert_eq!([third, fourth], [200, 200]);
    }
    assert_eq!(refused, VISITORS as usize, "of two who want a seat, one gets it");

    let asker = Client::new(&url);
    let numbers = asker.get("/numbers").send().json();
    let samples = samples(asker.get("/metrics").send().text());
    let did = [
        ("created", 1),
        ("logged_in", 1),
        ("logged_out", 1),
        ("merged", 1),
        ("refused", 1),
        ("cross_origin", 1),
        ("cookie_refused", 1),
        ("id_unknown", 1),
        ("ended", 0),
    ];
    for (event, each) in did {
        let counted = sum(&samples, "rocket_session_events_total", &format!("event=\"{event}\""));
        assert_eq!(counted, f64::from(each * VISITORS), "{event}: {samples:#?}");
    }
    for kind in EventKind::ALL {
        let counted = sum(&samples, "rocket_session_events_total", &format!("event=\"{kind}\""));
        assert_eq!(numbers[kind.as_str()].as_f64(), Some(counted), "{kind}");
    }
    let reason = "event=\"refused\",reason=\"field\"";
    assert_eq!(sum(&samples, "rocket_session_events_total", reason), f64::from(VISITORS));
    for (call, calls) in [("load", &numbers["loads"]), ("write", &numbers["writes"])] {
        let counted = sum(&samples, "rocket_session_store_call_seconds_count", &format!("call=\"{call}\""));
        assert_eq!(calls["count"].as_f64(), Some(counted), "{call}");
        assert!(counted >= f64::from(3 * VISITORS), "{call}: {counted}");
    }
    asker.get("/stop").send();
    assert!(serving.join().expect("the server ends"));
}
