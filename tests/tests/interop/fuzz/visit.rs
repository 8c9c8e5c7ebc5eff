//! Two visitors who ask for the same: one is served by all engines in turns, the other by Flask alone.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use rocket_session_state_core::codec::pickle;
use serde_json::{Value, json};
use session_tests::client::{Answer, Client};
use session_tests::devices::list_key;
use session_tests::jar::Jar;
use session_tests::storage::Fixture;
use session_tests::typed_value::to_json;

use super::engines::{Engines, Side};
use super::steps::Step;
use crate::pair::Settings;
use crate::payload::payload;

/// A disagreement of the engines, and everything that led to it.
pub(super) struct Disagreement {
    /// The step, from 0.
    pub(super) step: usize,
    pub(super) story: String,
}

/// Both visitors.
struct Visit<'p> {
    engine: &'p dyn Fixture,
    /// The sessions of users are in lists, and hold what a log-in seals.
    lists: bool,
    jar: Jar,
    visitors: Vec<(Side, Client)>,
    model_jar: Jar,
    model: Client,
    now: f64,
    story: String,
}

/// The first step after which the engines disagree.
pub(super) fn disagreement(
    engines: &Engines,
    settings: &Settings<'_>,
    steps: &[Step],
) -> Option<Disagreement> {
    let (engine, lists) = (settings.engine, settings.lists);
    let (jar, model_jar) = (Jar::default(), Jar::default());
    let visitors = engines.visitors(&jar);
    let model = Client::with_jar(&engines.pair.flask.url(), &model_jar);
    let now = if engine.keeps_real_time() { unix_now() } else { 1_704_164_645.0 };
    let story = String::new();
    let mut visit = Visit { engine, lists, jar, visitors, model_jar, model, now, story };
    engine.clear();
    steps.iter().enumerate().find_map(|(number, step)| {
        visit.make(step).err()?;
        Some(Disagreement { step: number, story: std::mem::take(&mut visit.story) })
    })
}

/// The engines differ; the story says where.
struct Differ;

impl Visit<'_> {
    fn make(&mut self, step: &Step) -> Result<(), Differ> {
        let _ = writeln!(self.story, "{step}");
        if self.engine.keeps_real_time() {
            self.now = unix_now();
        } else {
            self.now += f64::from(step.after);
        }
        if self.cookie(&self.jar).is_none() {
            // The visitors' cookies have ended, their records live on in real time.
            self.engine.clear();
        }
        let answer = self.visitor(step.side).post("/ops").at(self.now).json(&step.body()).send();
        let model = self.model.post("/ops").at(self.now).json(&step.body()).send();

        self.same("status", json!(answer.status), json!(model.status))?;
        if answer.status == 200 {
            self.same("results", self.without_seals(answer.json()), model.json())?;
        }
        let mut cookies = set_cookie(&answer);
        if step.side == Side::Companion {
            // One for each save, of which a browser takes the last.
            cookies.drain(..cookies.len().saturating_sub(1));
        }
        self.same("cookie", json!(cookies), json!(set_cookie(&model)))?;
        self.same("Vary", json!(answer.all("vary")), json!(model.all("vary")))?;
        if !self.lists {
            self.same("bytes", self.stored(&self.jar), self.stored(&self.model_jar))?;
        }
        if self.engine.has_records() && self.cookie(&self.jar).is_some() {
            let living = [&self.jar, &self.model_jar].map(|jar| self.stored(jar) != json!(""));
            let records = living.into_iter().filter(|living| *living).count();
            let lists = usize::from(self.lists && self.engine.living(&list_key("momo"), self.now).is_some());
            self.same("records", json!(self.engine.living_keys(self.now).len()), json!(records + lists))?;
        }
        let model = self.seen_by(&self.model);
        for (side, seen) in [
            (Side::Flask, "seen by Flask"),
            (Side::Companion, "seen by the companion"),
            (Side::Ours, "seen by ours"),
        ] {
            if let Some((_, visitor)) = self.visitors.iter().find(|(other, _)| *other == side) {
                self.same(seen, self.seen_by(visitor), model.clone())?;
            }
        }
        if self.lists { self.is_in_its_list() } else { Ok(()) }
    }

    fn visitor(&self, side: Side) -> &Client {
        let of_side = self.visitors.iter().find(|(other, _)| *other == side);
        &of_side.expect("steps at engines that there are").1
    }

    /// The visitor's session is the only one in the list of its user.
    fn is_in_its_list(&mut self) -> Result<(), Differ> {
        let user = self
            .visitor(Side::Ours)
            .post("/ops")
            .at(self.now)
            .json(&json!({ "ops": [["get", "username"]] }))
            .send();
        let answer = self.visitor(Side::Ours).get("/devices").at(self.now).send();
        let list = match answer.status {
            200 => answer.json().as_array().map(Vec::len),
            _ => None,
        };
        let is_user = user.json()["results"][0] == "momo";
        self.same("sessions in the list", json!(list), json!(is_user.then_some(1)))
    }

    /// The keys that a log-in here adds are none of Flask's, and come last or not.
    fn without_seals(&self, mut results: Value) -> Value {
        let sealed = |pair: &Value| ["_login_at", "_listed"].iter().any(|key| pair[0] == *key);
        fn each(value: &mut Value, change: &impl Fn(&mut Vec<Value>)) {
            match value {
                Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
                Value::Object(object) => {
                    for (form, content) in object {
                        match content {
                            Value::Array(pairs) if form == "$dict" => change(pairs),
                            other => each(other, change),
                        }
                    }
                }
                _ => {}
            }
        }
        if self.lists {
            each(&mut results, &|pairs| pairs.retain(|pair| !sealed(pair)));
        }
        results
    }

    fn same(&mut self, what: &str, found: Value, model: Value) -> Result<(), Differ> {
        if found == model {
            let _ = writeln!(self.story, "    {what}: {found}");
            return Ok(());
        }
        let _ = writeln!(self.story, "    {what}: {found}\n    BUT BY FLASK ALONE: {model}");
        Err(Differ)
    }

    /// The session as the next request finds it.
    fn seen_by(&self, visitor: &Client) -> Value {
        let ops = json!({ "ops": [["dump"], ["get_permanent"]] });
        let answer = visitor.post("/ops").at(self.now).json(&ops).send();
        match answer.status {
            200 => self.without_seals(answer.json()["results"].clone()),
            other => json!(other),
        }
    }

    /// The header that a browser would send now.
    fn cookie(&self, jar: &Jar) -> Option<String> {
        jar.header(self.now as i64)?.strip_prefix("session=").map(str::to_owned)
    }

    /// The bytes of the session, in the cookie or in the store.
    fn stored(&self, jar: &Jar) -> Value {
        let Some(cookie) = self.cookie(jar) else { return Value::Null };
        let bytes = if self.engine.has_records() {
            let id = cookie.split('.').next().unwrap_or_default();
            self.engine.living(&format!("session:{id}"), self.now).unwrap_or_default()
        } else {
            payload(&cookie)
        };
        if self.engine.pickles() && !bytes.is_empty() {
            // Of one value there are many pickles.
            return pickle::decode(&bytes).map_or(Value::Null, |value| to_json(&value));
        }
        Value::String(bytes.escape_ascii().to_string())
    }
}

/// The attributes of the cookie in the answer, without its value. A deletion has fewer attributes at Flask-Session.
fn set_cookie(answer: &Answer) -> Vec<&str> {
    let described = answer.set_cookies().into_iter().map(|line| {
        let (_, attributes) = line.split_once(';').unwrap_or((line, ""));
        if attributes.contains("Max-Age=0") { "deleted" } else { attributes }
    });
    described.collect()
}

fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64()
}
