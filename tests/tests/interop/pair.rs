//! The probe and its Flask twin with the same settings, on the same sessions.

use std::fmt;

use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::storage::{Cookie, Fixture};

/// The sessions of both sides.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'r> {
    pub(crate) engine: &'r dyn Fixture,
    /// `session_serialization_format`
    pub(crate) format: &'static str,
    pub(crate) use_signer: bool,
    pub(crate) refresh_each_request: bool,
    /// `session_permanent`, of records.
    pub(crate) permanent: bool,
    pub(crate) secret_key: &'static str,
    pub(crate) secret_key_fallbacks: &'static [&'static str],
    /// Ours is the probe with users, whose sessions are in lists.
    pub(crate) lists: bool,
}

/// Both sides, running.
pub(crate) struct Pair {
    pub(crate) ours: App,
    pub(crate) flask: Flask,
}

impl<'r> Settings<'r> {
    pub(crate) fn cookie() -> Settings<'r> {
        Settings {
            engine: &Cookie,
            format: "msgpack",
            use_signer: false,
            refresh_each_request: true,
            permanent: true,
            secret_key: "dev-secret-key for tests",
            secret_key_fallbacks: &[],
            lists: false,
        }
    }

    pub(crate) fn records(redis: &'r Redis, format: &'static str, use_signer: bool) -> Settings<'r> {
        Settings::records_in(redis, format, use_signer)
    }

    pub(crate) fn records_in(
        engine: &'r dyn Fixture,
        format: &'static str,
        use_signer: bool,
    ) -> Settings<'r> {
        Settings { engine, format, use_signer, ..Settings::cookie() }
    }

    /// The same settings for both sides, in each side's spelling.
    pub(crate) fn start(self) -> Pair {
        Pair { ours: self.start_ours(), flask: self.start_flask() }
    }

    pub(crate) fn start_ours(self) -> App {
        let program =
            if self.lists { env!("CARGO_BIN_EXE_probe-users") } else { env!("CARGO_BIN_EXE_probe") };
        Launch::new(program).toml(&self.rocket_toml()).start()
    }

    /// The probe's configuration. It allows a cookie of any size, as does Flask's, since that browsers drop
    /// long ones is not a question of formats; and a slow machine is not a reason to disagree. Every use extends and
    /// sends the cookie, which is Flask's way, and a renewed id leaves no note, since records are counted. Nothing is purged
    /// by itself: that goes by real time, in which sessions at a time that a request names have expired.
    pub(crate) fn rocket_toml(self) -> String {
        let mut toml = format!(
            "[default]\nsecret_key = {:?}\nsecret_key_fallbacks = {:?}\nsession_refresh_each_request = {}\n\
             session_refresh_after = 0\nsession_successor_seconds = 0\nmax_cookie_size = 0\nsession_cookie_samesite = false\n\
             session_store_timeout = 30\nsession_request_timeout = 60\nsession_purge_interval = 0\n",
            self.secret_key, self.secret_key_fallbacks, self.refresh_each_request
        );
        if self.engine.has_records() {
            toml.push_str(&format!(
                "{}session_use_signer = {}\nsession_serialization_format = {:?}\nsession_permanent = {}\n",
                self.engine.rocket_toml(),
                self.use_signer,
                self.format,
                self.permanent
            ));
        }
        toml
    }

    pub(crate) fn start_flask(self) -> Flask {
        Flask::probe(self.engine, &self.flask_config())
    }

    /// Flask with our Python package, as the probe is configured.
    pub(crate) fn start_companion(self) -> Flask {
        let mut config = self.flask_config();
        config["SESSION_REFRESH_AFTER"] = Value::from(0);
        config["SESSION_SUCCESSOR_SECONDS"] = Value::from(0);
        config["SESSION_LISTED"] = Value::from(self.lists);
        Flask::companion(self.engine, &config)
    }

    pub(crate) fn flask_config(self) -> Value {
        let mut config = json!({
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": self.secret_key_fallbacks,
            "SESSION_REFRESH_EACH_REQUEST": self.refresh_each_request,
            "MAX_COOKIE_SIZE": 0,
        });
        if self.engine.has_records() {
            config["SESSION_USE_SIGNER"] = Value::Bool(self.use_signer);
            config["SESSION_SERIALIZATION_FORMAT"] = Value::from(self.format);
            config["SESSION_PERMANENT"] = Value::Bool(self.permanent);
        }
        config
    }
}

/// The difference between the sides.
impl fmt::Display for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine {
            engine if !engine.has_records() => write!(f, "{engine}")?,
            engine => write!(f, "{} in {engine}, signer {}", self.format, self.use_signer)?,
        }
        write!(f, ", refresh {}, permanent {}", self.refresh_each_request, self.permanent)?;
        if self.lists { write!(f, ", in lists") } else { Ok(()) }
    }
}

impl Pair {
    /// One visitor of both sides: the probe's first.
    pub(crate) fn visitors(&self, jar: &Jar) -> [Client; 2] {
        [Client::with_jar(&self.ours.url(), jar), Client::with_jar(&self.flask.url(), jar)]
    }
}

/// Performs operations, all of which have to succeed; their results.
pub(crate) fn perform(visitor: &Client, ops: &Value) -> Value {
    let answer = visitor.post("/ops").json(&json!({ "ops": ops })).send();
    assert_eq!(answer.status, 200, "{ops}: {}", answer.text());
    answer.json()["results"].clone()
}
