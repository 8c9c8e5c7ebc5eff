//! Replays the `http_scenario` vectors against a running probe, Flask's or ours.
//!
//! Each step stands alone: the records that the real libraries would have at that moment are laid out anew,
//! so that one difference does not cause the next. Compared are the answer, all Set-Cookie and Vary lines and
//! the records afterwards with their remaining life. How the store was asked is not compared.

mod cookie_line;
mod difference;
mod names;
mod records;
mod rocket_toml;
mod vector;

pub use difference::{Aspect, Difference};
pub use names::Ids;
pub use vector::{Scenario, Step, bytes, scenarios, vectors};

use serde_json::json;

use crate::client::{Answer, Client};
use crate::redis::Redis;
use difference::Differences;
use names::Names;
use records::Records;

/// Replays `scenario` against the probe at `base_url`, which was started with the scenario's configuration.
///
/// Scenarios of the engine `flask_session` need the Redis that the probe uses; it is emptied.
pub fn run_scenario(base_url: &str, redis: Option<&Redis>, scenario: &Scenario, ids: Ids) -> Vec<Difference> {
    let client = Client::new(base_url);
    let mut names = Names::of(scenario, ids);
    let mut records = Records::of(scenario);
    let mut differences = Differences::of(scenario);
    for (index, step) in scenario.steps.iter().enumerate() {
        differences.begin_step(index);
        if let Some(redis) = redis {
            records.lay_out(redis, step.now, &names);
        }
        let answer = send(&client, step, &names);
        names.learn(step, &answer.set_cookies());
        compare_answer(step, &answer, &names, &mut differences);
        if let Some(redis) = redis {
            records.apply(step);
            records.compare(redis, step.now, &names, &mut differences);
        }
    }
    differences.found()
}

fn send(client: &Client, step: &Step, names: &Names) -> Answer {
    let mut request = client.post("/ops").json(&json!({ "ops": step.ops })).at(step.now as f64);
    if let Some(header) = &step.cookie_header {
        request = request.cookie(&names.in_text(header));
    }
    if let Some(id) = names.id_to_give(step) {
        request = request.header("X-Probe-Sid", &id);
    }
    request.send()
}

fn compare_answer(step: &Step, answer: &Answer, names: &Names, differences: &mut Differences) {
    differences.compare(Aspect::Status, step.status, answer.status);
    // A handler's results can't be seen where the answer is an error page.
    if step.status == 200 && answer.status == 200 {
        differences.compare(Aspect::Results, &step.results, &answer.json()["results"]);
    }
    let expected: Vec<String> = step.set_cookie.iter().map(|line| names.in_text(line)).collect();
    let found = answer.set_cookies();
    if !cookie_line::all_same(&expected, &found) {
        differences.add(Aspect::SetCookie, &expected, &found);
    }
    differences.compare(Aspect::Vary, &step.vary, &answer.all("vary"));
}
