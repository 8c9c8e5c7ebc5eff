//! The two processes.

use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::client::{Answer, Client};
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::storage::Fixture;

use crate::site::session_cookie;

/// What keeps the sessions of the Flask process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Python {
    Companion,
    FlaskSession,
}

impl Python {
    pub(super) fn name(self) -> &'static str {
        match self {
            Python::Companion => "the companion",
            Python::FlaskSession => "Flask-Session",
        }
    }
}

pub(super) struct Sides<'s> {
    pub(super) python: Python,
    pub(super) engine: &'s dyn Fixture,
    rocket: App,
    flask: Flask,
}

/// For both.
const SECRET: &str = "dev-secret-key for tests, of 32 bytes and more";

impl<'s> Sides<'s> {
    pub(super) fn start(engine: &'s dyn Fixture, python: Python) -> Sides<'s> {
        // That many wait for one record is not a reason to give up: lost changes are counted here.
        let toml = format!(
            "[default]\nworkers = 4\nsecret_key = {SECRET:?}\nsession_store_timeout = 30\n\
             session_request_timeout = 60\n{}",
            engine.rocket_toml()
        );
        let rocket = Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start();
        let config = json!({ "SECRET_KEY": SECRET });
        let flask = match python {
            Python::Companion => Flask::companion(engine, &config),
            Python::FlaskSession => Flask::probe(engine, &config),
        };
        Sides { python, engine, rocket, flask }
    }

    pub(super) fn name(&self) -> String {
        format!("{}, Rocket beside {}", self.engine, self.python.name())
    }

    pub(super) fn output(&self) -> String {
        format!("Rocket:\n{}\nFlask:\n{}", self.rocket.output(), self.flask.output())
    }

    /// The address of a side: Rocket has the even numbers.
    fn url(&self, side: usize) -> String {
        if side.is_multiple_of(2) { self.rocket.url() } else { self.flask.url() }
    }

    pub(super) fn client(&self, side: usize) -> Client {
        Client::new(&self.url(side))
    }

    pub(super) fn client_with(&self, jar: &Jar, side: usize) -> Client {
        Client::with_jar(&self.url(side), jar)
    }

    /// The cookie of a new visitor of a side, whose session has these fields.
    pub(super) fn visitor_with(&self, side: usize, fields: &Value) -> String {
        let answer = self.client(side).post("/typed").json(fields).send();
        session_cookie_of(&answer).unwrap_or_else(|| panic!("{}: {answer:?}\n{}", self.name(), self.output()))
    }

    /// The fields of the session that a cookie leads to, as each side says.
    pub(super) fn fields(&self, cookie: &str) -> [Value; 2] {
        [0, 1].map(|side| fields_of(&self.client(side).get("/typed").cookie(cookie).send()))
    }
}

/// Null if the answer has none: Flask-Session fails where a database makes requests wait for each other.
pub(super) fn fields_of(answer: &Answer) -> Value {
    if answer.status == 200 { answer.json() } else { Value::Null }
}

fn session_cookie_of(answer: &Answer) -> Option<String> {
    if answer.status == 200 { session_cookie(answer) } else { None }
}
