//! A visitor who remembers what was acknowledged and notices what can't be.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use session_tests::client::{Answer, Client};
use session_tests::jar::Jar;

/// Longer than any answer may take, in an outage too.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Visitor {
    name: String,
    jar: Jar,
    cookie: Option<String>,
    processes: Vec<Client>,
    /// The values that the field `a` may have: the last acknowledged value, and those whose outcome is open.
    possible: BTreeSet<Option<String>>,
    /// The least and the most that the counter may be.
    counter: (i64, i64),
    turn: usize,
    /// The numbers of answers of 200 and of 503.
    pub(crate) served: usize,
    pub(crate) refused: usize,
}

impl Visitor {
    /// Logs in; the store works.
    pub(crate) fn log_in(number: usize, urls: &[String]) -> Visitor {
        let (name, jar) = (format!("visitor-{number}"), Jar::default());
        let processes: Vec<Client> = urls.iter().map(|url| Client::with_jar(url, &jar)).collect();
        let path = format!("/login?name={name}&items=20");
        assert_eq!(processes[number % processes.len()].get(&path).send().status, 200);
        let cookie = jar.get("session");
        let possible = BTreeSet::from([None]);
        Visitor {
            name,
            jar,
            cookie,
            processes,
            possible,
            counter: (0, 0),
            turn: number,
            served: 0,
            refused: 0,
        }
    }

    /// One request, to the processes in turns, reading and writing in turns. `Err` says what was wrong.
    pub(crate) fn visit(&mut self) -> Result<(), String> {
        self.turn += 1;
        let client = &self.processes[self.turn % self.processes.len()];
        let value = self.turn.to_string();
        let changes = match self.turn % 3 {
            0 => json!({}),
            1 => json!({ "a": value }),
            _ => json!({ "add_counter": 1 }),
        };
        let asked = Instant::now();
        let answer = client.post("/typed").json(&changes).try_send().map_err(|error| error.to_string())?;
        if asked.elapsed() > PATIENCE {
            return Err(format!("{} after {:?}", answer.status, asked.elapsed()));
        }
        if self.jar.get("session") != self.cookie {
            return Err("the cookie was changed".to_owned());
        }
        let (acknowledged, refused) = (answer.status == 200, answer.status == 503);
        if changes["a"].is_string() {
            if acknowledged {
                self.possible.clear();
            }
            self.possible.insert(Some(value));
        }
        if changes["add_counter"].is_i64() {
            self.counter.1 += 1;
            self.counter.0 += i64::from(acknowledged);
        }
        self.served += usize::from(acknowledged);
        self.refused += usize::from(refused);
        if acknowledged {
            self.check(&answer.json())
        } else if refused {
            outage(&answer)
        } else {
            Err(format!("status {}", answer.status))
        }
    }

    /// Whether a session's fields are what they may be. A write whose outcome is open may still come: a server
    /// that stood still does then what it was told before.
    fn check(&self, fields: &Value) -> Result<(), String> {
        if fields["username"] != self.name.as_str() || fields["cart"] != 20 {
            return Err(format!("a logged-in visitor was shown {fields}"));
        }
        let a = fields["a"].as_str().map(str::to_owned);
        if !self.possible.contains(&a) {
            return Err(format!("`a` is {a:?}, and may be {:?}", self.possible));
        }
        let counter = fields["counter"].as_i64().unwrap_or(-1);
        if counter < self.counter.0 || counter > self.counter.1 {
            return Err(format!("the counter is {counter}, and may be {:?}", self.counter));
        }
        Ok(())
    }
}

fn outage(answer: &Answer) -> Result<(), String> {
    if answer.header("retry-after").is_none() {
        return Err("503 without Retry-After".to_owned());
    }
    if !answer.set_cookies().is_empty() {
        return Err("503 with a cookie".to_owned());
    }
    Ok(())
}
