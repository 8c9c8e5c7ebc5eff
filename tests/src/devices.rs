//! The devices of a user, as `probe-users` lists and ends their sessions.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::{Answer, Client, Request};
use crate::jar::Jar;

/// A browser with a name of its own, which is the label of its session. A clone is the same browser.
#[derive(Clone)]
pub struct Device {
    name: String,
    jar: Jar,
}

/// A line of the list of sessions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The name of the session in this list, which is not its id.
    pub handle: String,
    /// Unix seconds.
    pub created: f64,
    /// Unix seconds.
    pub last_seen: f64,
    /// The name of the device.
    pub label: String,
    /// It is the session of the request that asked.
    pub current: bool,
}

impl Device {
    /// A browser without cookies.
    pub fn named(name: &str) -> Device {
        Device { name: name.to_owned(), jar: Jar::default() }
    }

    /// The cookies.
    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    /// The header that it sends its session in.
    pub fn cookie(&self) -> String {
        format!("session={}", self.jar.get("session").unwrap_or_default())
    }

    /// Logs a user in, whatever the answer.
    pub fn try_log_in(&self, url: &str, user: &str) -> Answer {
        self.post(url, "/typed", &json!({ "login": user }))
    }

    /// Logs a user in.
    pub fn log_in(&self, url: &str, user: &str) {
        let answer = self.try_log_in(url, user);
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
    }

    /// The user who is logged in.
    pub fn user(&self, url: &str) -> Option<String> {
        let answer = self.get(url, "/typed");
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["username"].as_str().map(str::to_owned)
    }

    /// The list of the user's sessions; `None` for a visitor.
    pub fn list(&self, url: &str) -> Option<Vec<Listed>> {
        let answer = self.get(url, "/devices");
        match answer.status {
            200 => Some(serde_json::from_slice(&answer.body).expect("a list of sessions")),
            401 => None,
            other => panic!("{}: {other}: {}", self.name, answer.text()),
        }
    }

    /// Ends a session of the user's; the status of the answer.
    pub fn end(&self, url: &str, handle: &str) -> u16 {
        self.post(url, "/devices", &json!({ "end": handle })).status
    }

    /// Ends all of the user's sessions but this one; the status of the answer.
    pub fn end_others(&self, url: &str) -> u16 {
        self.post(url, "/devices", &json!({ "end_others": true })).status
    }

    /// Ends all of the user's sessions; the status of the answer.
    pub fn end_all(&self, url: &str) -> u16 {
        self.post(url, "/devices", &json!({ "end_all": true })).status
    }

    /// Sends a GET request.
    pub fn get(&self, url: &str, path: &str) -> Answer {
        self.named_request(Client::with_jar(url, &self.jar).get(path)).send()
    }

    /// Sends a POST request with a JSON body.
    pub fn post(&self, url: &str, path: &str, body: &Value) -> Answer {
        self.named_request(Client::with_jar(url, &self.jar).post(path).json(body)).send()
    }

    fn named_request<'c>(&self, request: Request<'c>) -> Request<'c> {
        request.header("User-Agent", &self.name)
    }
}

/// Ends all sessions of a user, as a back office does that has no session of its own.
pub fn admin_end(url: &str, user: &str) {
    let answer = Client::new(url).post("/admin-end").json(&json!({ "user": user })).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The key of a user's list in the store: under the SHA-256 of the short name in msgpack.
pub fn list_key(user: &str) -> String {
    let length = u8::try_from(user.len()).ok().filter(|length| *length < 32).expect("a short name");
    let digest = Sha256::new().chain_update([0xa0 | length]).chain_update(user).finalize();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("session:~user:{hex}")
}
