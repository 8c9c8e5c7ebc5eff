//! The records that the real libraries would have, beside those that the probe has.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::difference::{Aspect, Differences};
use super::names::Names;
use super::vector::{Scenario, Step, bytes};
use crate::redis::Redis;

/// Records under the vector's keys, with the end of their life in unix seconds.
pub(super) struct Records(BTreeMap<String, (Vec<u8>, i64)>);

/// Redis keeps real time while the scenario's clock stands still: what a slow machine may need between a write
/// and the look at it. The scenarios' steps are 20 seconds apart: a life that was not extended is shorter by at least
/// that, and has to stay a difference also where no time has passed at all.
const SLOWNESS: Duration = Duration::from_secs(15);

impl Records {
    pub(super) fn of(scenario: &Scenario) -> Records {
        let start = scenario.steps.first().map_or(0, |step| step.now);
        let record = |(key, record): (&String, &super::vector::Record)| {
            (key.clone(), (bytes(&record.value), start + record.ttl))
        };
        Records(scenario.preload.iter().map(record).collect())
    }

    /// Makes Redis hold exactly the records that are alive at `now`.
    pub(super) fn lay_out(&mut self, redis: &Redis, now: i64, names: &Names) {
        self.0.retain(|_, (_, end)| *end > now);
        redis.clear();
        for (key, (bytes, end)) in &self.0 {
            redis.set(&names.in_text(key), bytes, Duration::from_secs((end - now).unsigned_abs()));
        }
    }

    /// Does what the real libraries did in this step.
    pub(super) fn apply(&mut self, step: &Step) {
        for command in &step.store_commands {
            let text = |index: usize| command.get(index).and_then(Value::as_str).expect("a store command");
            match text(0) {
                "SET" => {
                    let lifetime = command.get(3).and_then(Value::as_i64).expect("the seconds of a SET");
                    self.0.insert(text(1).to_owned(), (bytes(text(2)), step.now + lifetime));
                }
                "DEL" => drop(self.0.remove(text(1))),
                "GET" => {}
                other => panic!("a vector with the store command {other}"),
            }
        }
    }

    /// Compares keys, bytes and remaining life with those in Redis.
    pub(super) fn compare(&self, redis: &Redis, now: i64, names: &Names, differences: &mut Differences) {
        let expected: BTreeMap<String, &(Vec<u8>, i64)> =
            self.0.iter().map(|(key, record)| (names.in_text(key), record)).collect();
        differences.compare(Aspect::Keys, expected.keys().cloned().collect::<Vec<_>>(), redis.keys());
        for (key, (bytes, end)) in expected {
            let Some(found) = redis.get(&key) else { continue };
            differences.compare(
                Aspect::Record,
                bytes.escape_ascii().to_string(),
                found.escape_ascii().to_string(),
            );
            let wanted = Duration::from_secs((end - now).unsigned_abs());
            let left = redis.ttl(&key).unwrap_or(Duration::MAX);
            if left > wanted || left + SLOWNESS < wanted {
                differences.add(Aspect::Lifetime, &wanted, &left);
            }
        }
    }
}
