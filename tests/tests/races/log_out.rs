//! A log-out while another request of the session is running: it ends logged out, every time.

use serde_json::{Value, json};
use session_tests::budget;
use session_tests::client::Answer;
use session_tests::crowd::at_once;
use session_tests::on_stores;
use session_tests::storage::Storage;

use crate::site::Site;

/// The other request, and the log-out.
struct Race {
    running: Value,
    ends: (&'static str, Value),
}

fn logged_out() -> (&'static str, Value) {
    ("/typed", json!({ "logout": true }))
}

fn destroyed() -> (&'static str, Value) {
    ("/ops", json!({ "ops": [["destroy"]] }))
}

/// Runs the race many times and gives how often the running request was told that the session had ended.
fn ends_logged_out(storage: &Storage, race: &Race) -> usize {
    const PAIRS: usize = 4;
    let times = budget::amount("ROUNDS", 100, 1000) as usize;
    let mut refused = 0;
    for site in Site::all(&**storage) {
        let ends = at_once(PAIRS, times / PAIRS, |pair, _| {
            let cookie = site.log_in();
            let answers: Vec<Answer> = at_once(2, 1, |side, _| {
                let (path, body) = [("/typed", &race.running), (race.ends.0, &race.ends.1)][side];
                site.client(pair + side).post(path).cookie(&cookie).json(body).send()
            });
            let [running, end] = &answers[..] else { panic!("two requests") };
            assert_eq!(end.status, 200, "{}: the log-out itself\n{}", site.name, site.output());
            assert!(matches!(running.status, 200 | 409), "{}: {}", site.name, running.status);
            stays_logged_out(&site, &cookie, &answers);
            usize::from(running.status == 409)
        });
        assert_eq!(ends.len(), times / PAIRS * PAIRS);
        refused += ends.iter().sum::<usize>();
    }
    refused
}

/// Neither the old cookie nor one that an answer has set leads to the session. A request that came after the
/// log-out may have begun a new one with what it wrote itself.
fn stays_logged_out(site: &Site<'_>, cookie: &str, answers: &[Answer]) {
    let set = answers.iter().flat_map(Answer::set_cookies);
    let cookies = set.filter_map(|line| line.split(';').next()).chain([cookie]);
    for candidate in cookies {
        for process in 0..site.processes.len() {
            let fields = site.client(process).get("/typed").cookie(candidate).send().json();
            assert_eq!(fields["username"], Value::Null, "{}: logged in again", site.name);
            assert_eq!(fields["cart"], 0, "{}: its data came back", site.name);
            assert!(candidate != cookie || fields["a"] == Value::Null, "{}: its id came back", site.name);
        }
    }
    let key = cookie.replace("session=", "session:");
    assert_eq!(site.engine.get(&key), None, "{}: its record came back", site.name);
}

on_stores!(records, a_request_that_writes_does_not_undo_a_log_out);

/// M1 of the comparison: tower-sessions' memory store logs the visitor in again.
fn a_request_that_writes_does_not_undo_a_log_out(storage: Storage) {
    let race = Race { running: json!({ "sleep_ms": 20, "a": "dark", "add_counter": 1 }), ends: logged_out() };
    assert!(ends_logged_out(&storage, &race) > 0, "no request was still running: the test shows nothing");
}

on_stores!(records, a_request_that_writes_does_not_undo_a_destroy);

/// M7: actix-session gives the running request a new session with the old data.
fn a_request_that_writes_does_not_undo_a_destroy(storage: Storage) {
    let race = Race { running: json!({ "sleep_ms": 20, "a": "dark" }), ends: destroyed() };
    assert!(ends_logged_out(&storage, &race) > 0, "no request was still running: the test shows nothing");
}

on_stores!(records, a_request_that_only_reads_does_not_undo_a_log_out_and_keeps_its_answer);

/// M9: Flask-Session revives it though the running request only reads.
fn a_request_that_only_reads_does_not_undo_a_log_out_and_keeps_its_answer(storage: Storage) {
    let race = Race { running: json!({ "sleep_ms": 20 }), ends: logged_out() };
    assert_eq!(ends_logged_out(&storage, &race), 0, "a reader has nothing to be told");
}

on_stores!(records, a_request_that_logs_in_anew_or_regenerates_does_not_undo_a_destroy);

fn a_request_that_logs_in_anew_or_regenerates_does_not_undo_a_destroy(storage: Storage) {
    let race = Race { running: json!({ "sleep_ms": 20, "login": "momo" }), ends: destroyed() };
    assert!(
        ends_logged_out_or_in_anew(&storage, &race) > 0,
        "no request was still running: the test shows nothing"
    );
}

/// The same user's login finds the session ended; one that came after the end is a login of its own.
fn ends_logged_out_or_in_anew(storage: &Storage, race: &Race) -> usize {
    let mut refused = 0;
    for site in Site::all(&**storage) {
        for _ in 0..25 {
            let cookie = site.log_in();
            let answers: Vec<Answer> = at_once(2, 1, |side, _| {
                let (path, body) = [("/typed", &race.running), (race.ends.0, &race.ends.1)][side];
                site.client(side).post(path).cookie(&cookie).json(body).send()
            });
            stays_logged_out(&site, &cookie, &[]);
            if answers[0].status == 409 {
                refused += 1;
                assert_eq!(answers[0].set_cookies(), [""; 0]);
            }
        }
    }
    refused
}
