//! A log-in beside other requests of the same visitor: it holds, whatever the order of answers, and no write is lost.

use std::thread;

use serde_json::{Value, json};
use session_tests::client::{Answer, Client};
use session_tests::crowd::at_once;
use session_tests::jar::Jar;
use session_tests::process::PATIENCE;
use session_tests::storage::Storage;
use session_tests::{on_stores, poll};

use crate::site::{Site, session_cookie};

/// What runs beside the log-in: two pages that count their views, with and without a pause between read and write, and
/// two forms.
fn beside(client: &Client, which: usize) -> Answer {
    match which {
        0 => client.get("/count").send(),
        1 => client.get("/count_slow").send(),
        2 => client.post("/typed").json(&json!({ "add_counter": 1 })).send(),
        _ => client.post("/typed").json(&json!({ "add_counter": 1, "sleep_ms": 10 })).send(),
    }
}

/// Returns 1 if the request had the session, whose counter was 1 at the least, and has to be counted in it; 0 if it came
/// with an id that was renewed before. Then a page saw no session, and a form was refused.
fn counted(answer: &Answer, is_form: bool) -> i64 {
    match (answer.status, is_form) {
        (200, false) => i64::from(answer.text() != "1"),
        (200, true) if answer.json()["counter"].as_i64() > Some(1) => 1,
        (409, true) => 0,
        other => panic!("{other:?}: {}", answer.text()),
    }
}

on_stores!(records, a_log_in_beside_four_requests_holds_and_none_of_their_writes_is_lost);

fn a_log_in_beside_four_requests_holds_and_none_of_their_writes_is_lost(storage: Storage) {
    const VISITORS: usize = 3;
    const LOG_INS: usize = 150;
    for site in Site::all(&*storage) {
        let late = at_once(VISITORS, LOG_INS / VISITORS, |visitor, turn| {
            log_in_beside_four_requests(&site, visitor + turn)
        });
        assert_eq!(late.len(), LOG_INS);
    }
}

fn log_in_beside_four_requests(site: &Site<'_>, turn: usize) {
    let old = site.visitor_with(&json!({ "add_counter": 1 }));
    let jar = jar_with(&old);
    let answers = at_once(5, 1, |side, _| {
        let client = site.client_with(&jar, turn + side);
        if side == 4 { client.get("/login?name=momo&items=3").send() } else { beside(&client, side) }
    });
    let (log_in, others) = answers.split_last().expect("five answers");
    let explain = || format!("{}: {answers:?}\n{}", site.name, site.output());
    assert_eq!(log_in.status, 200, "{}", explain());
    let new = session_cookie(log_in).unwrap_or_else(|| panic!("no new id: {}", explain()));
    assert_ne!(new, old);
    // No other answer can overwrite the new id.
    assert!(others.iter().all(|answer| answer.set_cookies().is_empty()), "{}", explain());

    let expected =
        others.iter().enumerate().map(|(which, answer)| counted(answer, which > 1)).sum::<i64>() + 1;
    let holds = |moment: &str| {
        for process in 0..site.processes.len() {
            let client = site.client_with(&jar, process);
            assert_eq!(client.get("/member").send().text(), "momo", "{moment}: {}", explain());
            let fields = client.get("/typed").send().json();
            assert_eq!(fields["counter"], expected, "{moment}: {}", explain());
            assert_eq!(fields["cart"], 3, "{moment}: {}", explain());
        }
    };
    holds("after the log-in");
    // A page keeps its answer and a form is refused; neither changes anything, and neither tells the new id.
    let stale = jar_with(&old);
    for which in 0..4 {
        let answer = beside(&site.client_with(&stale, turn + which), which);
        assert_eq!(answer.status, if which > 1 { 409 } else { 200 }, "{which}: {answer:?} {}", explain());
        assert_eq!(counted(&answer, which > 1), 0, "{which}: {answer:?} {}", explain());
        assert_eq!(answer.set_cookies(), [""; 0], "{which}: {}", explain());
    }
    holds("after requests with the old id");
}

fn jar_with(cookie: &str) -> Jar {
    let jar = Jar::default();
    jar.take(cookie, 0);
    jar
}

on_stores!(records, what_is_written_by_a_request_that_is_running_when_its_visitor_logs_in_is_kept);

fn what_is_written_by_a_request_that_is_running_when_its_visitor_logs_in_is_kept(storage: Storage) {
    for site in Site::all(&*storage) {
        let old = site.visitor_with(&json!({ "a": "before" }));
        let running = json!({ "ops": [
            ["set", "begun", true], ["save"], ["sleep", 300], ["set", "b", "late"], ["get", "username"],
        ]});
        let (log_in, running) = thread::scope(|scope| {
            let running = scope.spawn(|| site.client(0).post("/ops").cookie(&old).json(&running).send());
            let look = json!({ "ops": [["contains", "begun"]] });
            let has_begun = || {
                let answer = site.client(0).post("/ops").cookie(&old).json(&look).send();
                answer.json()["results"][0] == true
            };
            assert!(poll::until(PATIENCE, has_begun), "{}", site.output());
            let log_in = site.client(1).get("/login?name=momo&items=3").cookie(&old).send();
            (log_in, running.join().expect("the thread of a request"))
        });
        // It goes on with what it has read: who has the old id alone is told nothing of the user.
        assert_eq!(running.json()["results"], json!([true, null]), "{}", site.output());
        assert_eq!(running.set_cookies(), [""; 0], "{}", site.name);
        let fields = site.fields(&session_cookie(&log_in).expect("a new id"));
        let kept = json!([fields["username"], fields["a"], fields["b"], fields["cart"]]);
        assert_eq!(kept, json!(["momo", "before", "late", 3]), "{}", site.name);
    }
}

/// What a visitor has collected before the log-in.
fn collected() -> Value {
    json!({ "a": "tea", "items": 3 })
}

/// Tells whether the session of `cookie` is that of `user`, with what the visitor has collected.
fn has_all(site: &Site<'_>, cookie: &str, user: &str) -> bool {
    let fields = site.fields(cookie);
    json!([fields["username"], fields["a"], fields["cart"]]) == json!([user, "tea", 3])
}

fn log_in_as(site: &Site<'_>, process: usize, user: &str, cookie: &str) -> Answer {
    site.client(process).post("/typed").cookie(cookie).json(&json!({ "login": user })).send()
}

on_stores!(records, a_double_click_on_the_log_in_is_one_session_with_all_that_the_visitor_has_collected);

fn a_double_click_on_the_log_in_is_one_session_with_all_that_the_visitor_has_collected(storage: Storage) {
    const VISITORS: usize = 2;
    const LOG_INS: usize = 50;
    for site in Site::all(&*storage) {
        site.engine.clear();
        at_once(VISITORS, LOG_INS / VISITORS, |_, _| {
            let old = site.visitor_with(&collected());
            let answers = at_once(2, 1, |click, _| log_in_as(&site, click, "momo", &old));
            let explain = || format!("{}: {answers:?}\n{}", site.name, site.output());
            assert!(answers.iter().all(|answer| answer.status == 200), "{}", explain());
            let mut cookies: Vec<String> = answers.iter().filter_map(session_cookie).collect();
            cookies.dedup();
            let [cookie] = &cookies[..] else { panic!("not one new id: {}", explain()) };
            assert_ne!(*cookie, old, "{}", explain());
            assert!(has_all(&site, cookie, "momo"), "{} {}", site.fields(cookie), explain());
        });
        // Each has a record and a note, and no half of a log-in is left behind.
        let keys = site.engine.keys();
        assert!(keys.len() <= 2 * LOG_INS, "{}: {} records", site.name, keys.len());
    }
}

on_stores!(records, a_log_in_whose_answer_was_lost_is_repeated_with_the_old_cookie_and_nothing_is_lost);

/// R22: without the note of its successor, the old id is dead and the visitor's data is gone.
fn a_log_in_whose_answer_was_lost_is_repeated_with_the_old_cookie_and_nothing_is_lost(storage: Storage) {
    for site in Site::all(&*storage) {
        let old = site.visitor_with(&collected());
        let lost = session_cookie(&log_in_as(&site, 0, "momo", &old)).expect("a new id");
        for process in 0..2 {
            let again = log_in_as(&site, process, "momo", &old);
            assert_eq!(again.status, 200, "{}: {}", site.name, site.output());
            assert_eq!(session_cookie(&again), Some(lost.clone()), "{}", site.name);
            assert!(has_all(&site, &lost, "momo"), "{}: {}", site.name, site.fields(&lost));
        }
        // Another user has nothing of all this, and takes nothing away.
        let other = log_in_as(&site, 1, "eve", &old);
        assert_eq!(other.status, 200, "{}: {}", site.name, site.output());
        let cookie = session_cookie(&other).expect("a new id");
        assert!(cookie != lost && cookie != old, "{}", site.name);
        let fields = site.fields(&cookie);
        let of_other = json!([fields["username"], fields["a"], fields["cart"]]);
        assert_eq!(of_other, json!(["eve", null, 0]), "{}", site.name);
        assert!(has_all(&site, &lost, "momo"), "{}: {}", site.name, site.fields(&lost));
    }
}
