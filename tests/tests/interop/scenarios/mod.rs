//! Every HTTP scenario of the reference vectors, replayed against the probe, against its Flask twin, and those of records
//! against the twin with the companion.

mod deliberate;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use session_tests::app::Launch;
use session_tests::flask::Flask;
use session_tests::redis::Redis;
use session_tests::scenario::{Aspect, Difference, Ids, Scenario, run_scenario, scenarios};
use session_tests::storage::{Cookie, Fixture};

use deliberate::{KINDS, Kind, NOT_LAUNCHED, OURS_ALONE};

/// The number of scenarios in the vectors.
const ALL: usize = 65;

/// One application per configuration: starting them is most of the time.
fn grouped(configuration: impl Fn(&Scenario) -> String) -> Vec<Vec<Scenario>> {
    let mut groups: BTreeMap<String, Vec<Scenario>> = BTreeMap::new();
    for scenario in scenarios() {
        groups.entry(configuration(&scenario)).or_default().push(scenario);
    }
    assert_eq!(groups.values().map(Vec::len).sum::<usize>(), ALL, "scenarios in the vectors");
    groups.into_values().collect()
}

fn in_words(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("{difference}\n")).collect()
}

#[test]
fn the_flask_twin_answers_every_scenario_as_the_vectors_say() {
    let redis = Redis::start();
    let mut differences = Vec::new();
    for group in grouped(|scenario| format!("{} {}", scenario.engine, Value::from(scenario.config.clone()))) {
        let on_redis = (group[0].engine == "flask_session").then_some(&redis);
        let engine = on_redis.map_or(&Cookie as &dyn Fixture, |redis| redis);
        let twin = Flask::probe(engine, &group[0].config.clone().into());
        for scenario in &group {
            for ids in [Ids::OfVector, Ids::OfProbe] {
                differences.extend(run_scenario(&twin.url(), on_redis, scenario, ids));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), in_words(&differences));
}

#[test]
fn the_probe_answers_every_scenario_as_the_vectors_say_but_for_what_is_deliberate() {
    let redis = Redis::start();
    let mut differences = Vec::new();
    for group in grouped(|scenario| scenario.rocket_toml(&redis.url())) {
        let launch = Launch::new(env!("CARGO_BIN_EXE_probe"))
            .toml(&group[0].rocket_toml(&redis.url()))
            .env("ROCKET_PROFILE", "debug")
            // A slow machine is not a difference.
            .env("ROCKET_SESSION_STORE_TIMEOUT", "30")
            .env("ROCKET_SESSION_REQUEST_TIMEOUT", "60");
        if let Some((_, complaint)) = NOT_LAUNCHED.iter().find(|(id, _)| group[0].id.ends_with(id)) {
            assert_eq!(group.len(), 1, "a configuration that does not launch has other scenarios");
            let log = launch.refused();
            assert!(log.contains(complaint), "{log}");
            continue;
        }
        let probe = launch.start();
        for scenario in &group {
            let on_redis = (scenario.engine == "flask_session").then_some(&redis);
            differences.extend(run_scenario(&probe.url(), on_redis, scenario, Ids::OfProbe));
        }
    }

    are_deliberate(differences, KINDS.iter().chain([&OURS_ALONE]), |_| true);
}

#[test]
fn the_companion_answers_every_scenario_of_records_as_the_vectors_say_but_for_what_is_deliberate() {
    let redis = Redis::start();
    let (mut differences, mut replayed) = (Vec::new(), BTreeSet::new());
    for group in grouped(|scenario| format!("{} {}", scenario.engine, Value::from(scenario.config.clone()))) {
        // The sessions in signed cookies are Flask's own. What can't be launched is told by a test of the package.
        let is_refused = NOT_LAUNCHED.iter().any(|(id, _)| group[0].id.ends_with(id));
        if group[0].engine != "flask_session" || is_refused {
            continue;
        }
        let mut config = group[0].config.clone();
        config.insert("SESSION_REFRESH_AFTER".to_owned(), Value::from(0));
        let twin = Flask::companion(&redis, &config.into());
        for scenario in &group {
            replayed.insert(scenario.id.clone());
            differences.extend(run_scenario(&twin.url(), Some(&redis), scenario, Ids::OfProbe));
        }
    }
    are_deliberate(differences, KINDS.iter(), |scenario| replayed.contains(scenario));
}

/// Fails unless these differences are those that are listed for scenarios that were replayed.
fn are_deliberate<'k>(
    mut differences: Vec<Difference>,
    kinds: impl Iterator<Item = &'k Kind>,
    was_replayed: impl Fn(&str) -> bool,
) {
    let mut listed: BTreeMap<(String, usize, Aspect), &str> = BTreeMap::new();
    for kind in kinds {
        for (id, step, aspects) in kind.at {
            let scenario = format!("dev-http_scenario-{id}");
            for aspect in aspects.iter().filter(|_| was_replayed(&scenario)) {
                let earlier = listed.insert((scenario.clone(), *step, *aspect), kind.reason);
                assert_eq!(earlier, None, "{id}, step {step}: {aspect:?} is listed twice");
            }
        }
    }
    differences.retain(|difference| {
        let place = (difference.scenario.clone(), difference.step, difference.aspect);
        listed.remove(&place).is_none()
    });
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), in_words(&differences));
    assert!(listed.is_empty(), "listed as deliberate, but not there any more: {listed:#?}");
}
