//! The `http_scenario` vectors as `tests/vectors/flask-vectors.json` holds them.

use std::collections::BTreeMap;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A series of requests to one probe, with what the real libraries answered.
#[derive(Deserialize)]
pub struct Scenario {
    /// The vector's unique name.
    pub id: String,
    /// The behaviour it shows, in words.
    pub note: String,
    /// `flask` or `flask_session`.
    pub engine: String,
    /// Flask's keys with typed values.
    pub config: Map<String, Value>,
    /// Records that are there at the first step.
    #[serde(default)]
    pub preload: BTreeMap<String, Record>,
    /// The ids that the placeholders `{SID1}` … stood for.
    #[serde(default)]
    pub sids: BTreeMap<String, String>,
    /// The requests, in order.
    pub steps: Vec<Step>,
}

/// One request and its answer.
#[derive(Deserialize)]
pub struct Step {
    /// Unix seconds.
    pub now: i64,
    /// The whole Cookie header.
    pub cookie_header: Option<String>,
    /// The operations, as `POST /ops` takes them.
    pub ops: Value,
    /// The status code.
    pub status: u16,
    /// The results of the reading operations; null when the handler failed.
    pub results: Value,
    /// All Set-Cookie lines.
    pub set_cookie: Vec<String>,
    /// All Vary lines.
    pub vary: Vec<String>,
    /// The store's calls; only those that change something are used.
    #[serde(default)]
    pub store_commands: Vec<Vec<Value>>,
}

/// A record at the first step.
#[derive(Deserialize)]
pub struct Record {
    /// The bytes, in base64.
    pub value: String,
    /// Remaining seconds.
    pub ttl: i64,
}

/// All scenarios of the reference vectors.
pub fn scenarios() -> Vec<Scenario> {
    let scenario = |vector| serde_json::from_value(vector).expect("a scenario");
    vectors("http_scenario").into_iter().map(scenario).collect()
}

/// All reference vectors of a kind.
pub fn vectors(kind: &str) -> Vec<Value> {
    #[derive(Deserialize)]
    struct File {
        vectors: Vec<Value>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/flask-vectors.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File = serde_json::from_str(&text).expect("the reference vectors");
    file.vectors.into_iter().filter(|vector| vector["kind"] == kind).collect()
}

/// Bytes that a vector holds in base64.
pub fn bytes(base64: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(base64).expect("base64 in a vector")
}
