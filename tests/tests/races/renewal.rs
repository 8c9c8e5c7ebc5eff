//! A session whose id is renewed: what becomes of those who have the old one, and of a log-out at the same time.

use serde_json::{Value, json};
use session_tests::client::Answer;
use session_tests::crowd::at_once;
use session_tests::on_stores;
use session_tests::storage::Storage;

use crate::site::{Site, session_cookie};

/// A renewal of the id, and whether it found the session alive: a log-in that comes later is one of its own.
#[derive(Clone, Copy)]
enum Renewal {
    Regenerate,
    LogInAgain,
}

impl Renewal {
    fn send(self, site: &Site<'_>, process: usize, cookie: &str, pause: usize) -> Answer {
        let (path, body) = match self {
            Renewal::Regenerate => {
                ("/ops", json!({ "ops": [["get", "username"], ["sleep", pause], ["regenerate"]] }))
            }
            Renewal::LogInAgain => ("/typed", json!({ "sleep_ms": pause, "login": "momo" })),
        };
        site.client(process).post(path).cookie(cookie).json(&body).send()
    }

    fn found_the_session(self, answer: &Answer) -> bool {
        match self {
            Renewal::Regenerate => answer.json()["results"][0] == "momo",
            Renewal::LogInAgain => answer.json()["cart"] == 20,
        }
    }
}

/// What became of a renewal beside a log-out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    First,
    /// It was told that the session had ended.
    TooLate,
    /// After the log-out it saw nobody.
    Afterwards,
}

on_stores!(records, a_log_out_beside_a_renewal_of_the_id_logs_out_under_both_ids);

fn a_log_out_beside_a_renewal_of_the_id_logs_out_under_both_ids(storage: Storage) {
    const PAIRS: usize = 4;
    let sites = Site::all(&*storage);
    let times = if matches!(storage.name(), "Redis" | "memory") { 1000 } else { 100 };
    let mut came = Vec::new();
    for site in &sites {
        came.extend(at_once(PAIRS, times / PAIRS / sites.len(), |pair, turn| {
            log_out_beside_renewal(site, PAIRS * turn + pair)
        }));
    }
    assert_eq!(came.len(), times);
    for way in [Came::First, Came::TooLate] {
        assert!(came.contains(&way), "{storage}: nobody met anybody, the test shows nothing");
    }
}

fn log_out_beside_renewal(site: &Site<'_>, turn: usize) -> Came {
    let old = site.log_in();
    let renewal = if turn.is_multiple_of(2) { Renewal::Regenerate } else { Renewal::LogInAgain };
    let (before_renewal, before_log_out) = (turn / 2 % 4, turn / 8 % 4);
    // One that leaves something for the visitor moves the session to an id of its own, too.
    let says_goodbye = turn % 3 == 2;
    let answers = at_once(2, 1, |side, _| match side {
        0 => renewal.send(site, turn, &old, before_renewal),
        _ => {
            let mut log_out = json!({ "sleep_ms": before_log_out, "logout": true });
            if says_goodbye {
                log_out["b"] = json!("goodbye");
            }
            site.client(turn + 1).post("/typed").cookie(&old).json(&log_out).send()
        }
    });
    let [renewed, log_out] = &answers[..] else { panic!("two answers") };
    let explain = || format!("{}, {turn}: {answers:?}\n{}", site.name, site.output());
    assert_eq!(log_out.status, 200, "{}", explain());
    let visitors = session_cookie(log_out);
    assert_eq!(visitors.is_some(), says_goodbye, "{}", explain());
    let came = match renewed.status {
        409 => Came::TooLate,
        200 if renewal.found_the_session(renewed) => Came::First,
        200 => Came::Afterwards,
        other => panic!("{other}: {}", explain()),
    };
    if came == Came::TooLate {
        assert_eq!(renewed.set_cookies(), [""; 0], "{}", explain());
    }
    // In one process, a renewal whose id was ended before its answer was made says nothing of it.
    let new = session_cookie(renewed).filter(|_| came == Came::First);
    for cookie in [Some(&old), new.as_ref(), visitors.as_ref()].into_iter().flatten() {
        let fields = site.fields(cookie);
        let goodbye = if Some(cookie) == visitors.as_ref() { json!("goodbye") } else { Value::Null };
        let seen = json!([fields["username"], fields["cart"], fields["b"]]);
        assert_eq!(seen, json!([null, 0, goodbye]), "{}", explain());
        for process in 0..site.processes.len() {
            let member = site.client(process).get("/member").cookie(cookie).send();
            assert_eq!(member.status, 401, "logged in: {}", explain());
        }
    }
    for gone in [Some(&old), new.as_ref()].into_iter().flatten() {
        let key = gone.replace("session=", "session:");
        assert_eq!(site.engine.get(&key), None, "the record is there: {}", explain());
    }
    came
}

on_stores!(records, with_an_id_that_was_renewed_a_page_sees_a_visitor_and_a_change_is_refused);

fn with_an_id_that_was_renewed_a_page_sees_a_visitor_and_a_change_is_refused(storage: Storage) {
    for site in Site::all(&*storage) {
        let old = site.log_in();
        let renewed = site.client(0).post("/ops").cookie(&old).json(&ops(&["regenerate"])).send();
        let new = session_cookie(&renewed).expect("a new id");
        for process in 0..site.processes.len() {
            let client = site.client(process);
            let answers = [
                (200, client.get("/read").cookie(&old).send()),
                (200, client.get("/count").cookie(&old).send()),
                (200, client.post("/ops").cookie(&old).json(&ops(&["dump"])).send()),
                (409, client.post("/ops").cookie(&old).json(&json!({ "ops": [["set", "a", "x"]] })).send()),
                (409, client.post("/typed").cookie(&old).json(&json!({ "add_counter": 1 })).send()),
            ];
            for (n, (status, answer)) in answers.iter().enumerate() {
                assert_eq!(answer.status, *status, "{}, {n}: {answer:?}\n{}", site.name, site.output());
                assert_eq!(answer.set_cookies(), [""; 0], "{}, {n}", site.name);
                assert!(!answer.text().contains("momo"), "{}, {n}: {answer:?}", site.name);
            }
            assert_eq!(answers[0].1.text(), "", "{}", site.name);
            assert_eq!(answers[1].1.text(), "1", "{}", site.name);
        }
        let fields = site.fields(&new);
        let kept = json!([fields["username"], fields["counter"], fields["a"], fields["cart"]]);
        assert_eq!(kept, json!(["momo", 0, null, 20]), "{}", site.name);
    }
}

fn ops(names: &[&str]) -> Value {
    json!({ "ops": names.iter().map(|name| json!([name])).collect::<Vec<_>>() })
}
