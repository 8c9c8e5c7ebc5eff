//! A closed prefix, asked byte by byte: no client in between tidies up the path.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use rocket::fairing::AdHoc;
use rocket::fs::FileServer;
use rocket::{Shutdown, get, routes, uri};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::{Next, Sessions, require_session, session_state};
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::jar::Jar;
use tempfile::TempDir;

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
struct Member;

/// The routes below the prefix.
const SECRET: &str = "what nobody may read";

#[expect(unused_variables, reason = "it is only there to be sent to")]
#[get("/login?<next>")]
fn login_page(next: Option<Next>) {}

#[get("/by-hand")]
fn by_hand() -> &'static str {
    SECRET
}

#[get("/<_path..>", rank = 20)]
fn catch_all(_path: PathBuf) -> &'static str {
    SECRET
}

/// A site with a public folder, in which `admin` is a folder too, and a closed prefix of that name.
struct Site {
    port: u16,
    shutdown: Shutdown,
    server: Option<thread::JoinHandle<()>>,
    _folder: TempDir,
}

impl Site {
    fn start() -> Site {
        let folder = TempDir::new().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("admin/x")).expect("a folder");
        for file in ["admin/x/index.html", "admin/secret.html", "admin/x/secret.html"] {
            fs::write(folder.path().join(file), SECRET).expect("a file");
        }
        let (port, started) = mpsc::channel();
        let public = folder.path().to_owned();
        let server = thread::spawn(move || {
            let _ = rocket::async_main(rocket(public, port).launch());
        });
        let (port, shutdown) = started.recv().expect("the server starts");
        Site { port, shutdown, server: Some(server), _folder: folder }
    }

    /// The status and everything else that is answered to these bytes.
    fn ask(&self, method: &str, target: &str, more: &str) -> (u16, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("a connection");
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n");
        stream.write_all(head.as_bytes()).expect("a request is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("{method} {target}: {answer}")), answer)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn rocket(public: PathBuf, started: mpsc::Sender<(u16, Shutdown)>) -> rocket::Rocket<rocket::Build> {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    let started = AdHoc::on_liftoff("started", move |rocket| {
        Box::pin(async move {
            let _ = started.send((rocket.config().port, rocket.shutdown()));
        })
    });
    let own = rocket::Config {
        port: 0,
        log_level: rocket::config::LogLevel::Off,
        ..rocket::Config::debug_default()
    };
    rocket::custom(own)
        .attach(Sessions::with_config(config))
        .attach(started)
        .mount("/", routes![login_page])
        .mount("/", FileServer::from(&public).rank(30))
        .mount("/admin", Member::gate())
        .mount("/admin", routes![by_hand, catch_all])
        .mount("/admin/files", FileServer::from(&public))
}

/// Paths that lead below the prefix.
const CLOSED: [&str; 16] = [
    "/admin",
    "/admin/",
    "/admin/secret.html",
    "//admin/x",
    "/admin//x",
    "/%61dmin/x",
    "/admin/secret%2ehtml",
    "/x/../admin/x",
    "/./admin/x",
    "/%2e/admin/x",
    "/x/%2e%2e/admin/x",
    "/.%2e/admin/x",
    "/x/..//admin/x",
    "/../admin/x",
    "http://localhost/admin/x",
    "/admin?x",
];

/// Paths that do not, and that nobody serves.
const NOT_THERE: [&str; 7] = [
    "/admin%2fsecret.html",
    "/x/..%2fadmin/x",
    "/admin%00/x",
    "/x%5c../admin/x",
    "/admin;x/secret.html",
    "/ADMIN/x",
    "/administrator",
];

/// All but `OPTIONS`, which passes where no route answers it, as here.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"];

#[test]
fn a_closed_prefix_is_closed_however_its_path_is_spelt_and_with_every_method() {
    let site = Site::start();
    for method in METHODS {
        for target in CLOSED {
            let (status, answer) = site.ask(method, target, "");
            assert_eq!(status, 401, "{method} {target}: {answer}");
            let (status, answer) = site.ask(method, target, "Accept: text/html\r\n");
            let expected = if matches!(method, "GET" | "HEAD") { 303 } else { 401 };
            assert_eq!(status, expected, "{method} {target} by a browser: {answer}");
            assert!(!answer.contains(SECRET), "{method} {target}: {answer}");
        }
        for target in NOT_THERE {
            let (status, answer) = site.ask(method, target, "Accept: text/html\r\n");
            assert_eq!(status, 404, "{method} {target}: {answer}");
        }
    }
}

#[test]
fn a_preflight_finds_nothing_where_nothing_answers_it() {
    let site = Site::start();
    for target in CLOSED.into_iter().chain(NOT_THERE) {
        let (status, answer) = site.ask("OPTIONS", target, "Access-Control-Request-Method: POST\r\n");
        assert_eq!(status, 404, "{target}: {answer}");
        assert!(!answer.contains(SECRET), "{target}: {answer}");
    }
}

#[test]
fn a_request_to_connect_reaches_no_route_at_all() {
    let site = Site::start();
    for target in CLOSED {
        let (status, answer) = site.ask("CONNECT", target, "");
        assert!((400..500).contains(&status), "{target}: {answer}");
    }
}

#[test]
fn the_probe_closes_its_prefix_and_opens_it_to_who_is_logged_in() {
    let app = Launch::new(env!("CARGO_BIN_EXE_probe")).toml("[default]\nsession_type = \"memory\"\n").start();
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    for path in ["/admin", "/admin/any/thing", "/admin/files/secret.txt", "/member"] {
        assert_eq!(visitor.get(path).send().status, 401, "{path}\n{}", app.output());
        assert_eq!(
            visitor.post(path).header("Accept", "text/html").send().status,
            if path == "/member" { 404 } else { 401 }
        );
        let page = visitor.get(path).header("Accept", "text/html").send();
        assert_eq!(page.status, 303, "{path}");
        assert_eq!(page.header("location"), Some(&*format!("/sign-in?next={}", path.replace('/', "%2F"))));
    }
    visitor.get("/login?name=momo&items=1").send();
    assert_eq!(visitor.get("/admin/any/thing").send().text(), "admin any/thing");
    assert_eq!(visitor.get("/admin/files/secret.txt").send().text(), "a file behind the gate\n");
    assert_eq!(visitor.get("/member").header("Accept", "text/html").send().text(), "momo");
    assert!(app.output().contains("/admin/<..> by the gate of"), "{}", app.output());
}
