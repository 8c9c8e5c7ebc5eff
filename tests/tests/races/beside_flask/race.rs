//! The races, each of which counts what is lost in it.

use serde_json::{Value, json};
use session_tests::client::{Answer, Client};
use session_tests::crowd::at_once;
use session_tests::jar::Jar;

use super::sides::{Python, Sides, fields_of};
use crate::site::session_cookie;

/// A race of the two sides.
pub(super) struct Race {
    /// What is counted.
    pub(super) loses: &'static str,
    pub(super) run: fn(&Sides<'_>, usize) -> Found,
    /// Its length in a normal run and in a long one.
    pub(super) short: usize,
    pub(super) long: usize,
}

/// What a race has shown.
#[derive(Default)]
pub(super) struct Found {
    /// So many of its changes are lost.
    pub(super) lost: usize,
    /// Answers and states that must not be.
    pub(super) faults: Vec<String>,
    /// Whether requests have met.
    pub(super) met: bool,
}

impl Found {
    fn in_all(rounds: Vec<Found>) -> Found {
        let mut all = Found::default();
        for round in rounds {
            all.lost += round.lost;
            all.met |= round.met;
            all.faults.extend(round.faults);
        }
        all.faults.truncate(3);
        all
    }

    fn note(&mut self, is_right: bool, fault: impl FnOnce() -> String) {
        if !is_right {
            self.faults.push(fault());
        }
    }
}

/// So many visitors come at once.
const VISITORS: usize = 4;

pub(super) const INCREMENTS: Race = Race { loses: "increments lost", run: increments, short: 64, long: 400 };

fn increments(sides: &Sides<'_>, count: usize) -> Found {
    const THREADS: usize = 16;
    let cookie = sides.visitor_with(0, &json!({ "a": "x" }));
    let clients: Vec<Client> = (0..THREADS).map(|thread| sides.client(thread)).collect();
    let statuses = at_once(THREADS, count / THREADS, |thread, _| {
        let path = ["/count", "/count_slow"][thread / 2 % 2];
        clients[thread].get(path).cookie(&cookie).send().status
    });
    let mut found = Found { met: true, ..Found::default() };
    found.note(statuses.iter().all(|status| *status == 200), || format!("{statuses:?}"));
    let [rocket, flask] = sides.fields(&cookie).map(|fields| fields["counter"].as_i64().unwrap_or_default());
    found.note(rocket == flask, || format!("{rocket} increments for Rocket, {flask} for Flask"));
    found.lost = count - rocket as usize;
    found
}

pub(super) const TWO_FIELDS: Race =
    Race { loses: "of two fields lost", run: two_fields, short: 40, long: 1000 };

fn two_fields(sides: &Sides<'_>, rounds: usize) -> Found {
    let cookies: Vec<String> =
        (0..VISITORS).map(|side| sides.visitor_with(side, &json!({ "high": 1 }))).collect();
    Found::in_all(at_once(VISITORS, rounds / VISITORS, |visitor, round| {
        let (cookie, value) = (&cookies[visitor], format!("{round}"));
        let statuses = at_once(2, 1, |side, _| {
            let path = format!("/set_{}?v={value}", ["a", "b"][(side + round) % 2]);
            sides.client(side).get(&path).cookie(cookie).send().status
        });
        let mut found = Found { met: true, ..Found::default() };
        found.note(statuses == [200, 200], || format!("{statuses:?}"));
        let [rocket, flask] = sides.fields(cookie);
        found.note(rocket == flask, || format!("{rocket} for Rocket, {flask} for Flask"));
        found.lost = ["a", "b"].iter().filter(|field| rocket[**field] != value.as_str()).count();
        found
    }))
}

pub(super) const LOG_OUTS: Race = Race { loses: "log-outs undone", run: log_outs, short: 40, long: 1000 };

/// A log-out of one side, and a request of the other that is writing meanwhile.
fn log_outs(sides: &Sides<'_>, rounds: usize) -> Found {
    let running = json!({ "sleep_ms": 20, "a": "dark", "add_counter": 1 });
    let log_out = json!({ "logout": true });
    Found::in_all(at_once(VISITORS, rounds / VISITORS, |visitor, round| {
        let ending = visitor + round;
        let logged_in = sides.client(round).get("/login?name=momo&items=20").send();
        let cookie = session_cookie(&logged_in).expect("a session cookie");
        let answers = at_once(2, 1, |which, _| {
            let body = [&running, &log_out][which];
            sides.client(ending + 1 - which).post("/typed").cookie(&cookie).json(body).send()
        });
        let mut found = Found { met: answers[0].status == 409, ..Found::default() };
        let is_answer = matches!(answers[0].status, 200 | 409) && answers[1].status == 200;
        found.note(is_answer, || format!("{answers:?}"));
        // A request that came after the log-out may have begun a new session with what it wrote itself.
        let set: Vec<String> = answers.iter().filter_map(session_cookie).collect();
        let mut seen = set.iter().chain([&cookie]).flat_map(|cookie| sides.fields(cookie));
        found.lost = usize::from(seen.any(|fields| fields["username"] != Value::Null));
        if sides.python == Python::Companion {
            let back = |fields: &Value| fields["cart"] != 0 || fields["a"] != Value::Null;
            found.note(!sides.fields(&cookie).iter().any(back), || {
                "the data of a session that has ended".to_owned()
            });
            let record = sides.engine.get(&cookie.replace("session=", "session:"));
            found.note(record.is_none(), || "the record of a session that has ended".to_owned());
        }
        found
    }))
}

pub(super) const LOG_INS: Race =
    Race { loses: "log-ins lost, or writes beside them", run: log_ins, short: 40, long: 1000 };

fn log_ins(sides: &Sides<'_>, rounds: usize) -> Found {
    Found::in_all(at_once(VISITORS, rounds / VISITORS, |visitor, round| {
        log_in_beside_four_requests(sides, visitor + round)
    }))
}

/// A log-in on one side, and four requests on the other with the same browser.
fn log_in_beside_four_requests(sides: &Sides<'_>, side: usize) -> Found {
    let old = sides.visitor_with(side / 2, &json!({ "add_counter": 1 }));
    let jar = jar_with(&old);
    let answers = at_once(5, 1, |which, _| match which {
        4 => sides.client_with(&jar, side).get("/login?name=momo&items=3").send(),
        which => beside(&sides.client_with(&jar, side + 1), which),
    });
    let (log_in, others) = answers.split_last().expect("five answers");
    let acknowledged =
        others.iter().enumerate().filter(|(which, answer)| has_counted(answer, *which)).count();
    let seen = [0, 1].map(|side| fields_of(&sides.client_with(&jar, side).get("/typed").send()));
    let holds = |fields: &Value| {
        fields["username"] == "momo" && fields["cart"] == 3 && fields["counter"] == acknowledged + 1
    };
    let mut found = Found { met: true, lost: usize::from(!seen.iter().all(holds)), ..Found::default() };
    if sides.python == Python::Companion {
        found.note(log_in.status == 200 && session_cookie(log_in).is_some_and(|new| new != old), || {
            format!("a log-in without a new id: {log_in:?}")
        });
        for (which, answer) in others.iter().enumerate() {
            let is_meant = answer.status == 200 || (is_form(which) && answer.status == 409);
            let keeps_cookie = answer.set_cookies().is_empty();
            found.note(is_meant && keeps_cookie, || format!("beside a log-in: {answer:?}"));
        }
        late_requests_change_nothing(sides, side, &old, &mut found);
        let again = fields_of(&sides.client_with(&jar, side).get("/typed").send());
        found.note(again == seen[0], || format!("after requests with the old id: {again}"));
    }
    found
}

/// Who has the old id alone sees nothing, and is not told the new one.
fn late_requests_change_nothing(sides: &Sides<'_>, side: usize, old: &str, found: &mut Found) {
    for which in 0..4 {
        let late = beside(&sides.client_with(&jar_with(old), side + which / 2), which);
        let expected = if is_form(which) { 409 } else { 200 };
        let is_refused =
            late.status == expected && !has_counted(&late, which) && late.set_cookies().is_empty();
        found.note(is_refused, || format!("with the old id: {late:?}"));
    }
}

fn jar_with(cookie: &str) -> Jar {
    let jar = Jar::default();
    jar.take(cookie, 0);
    jar
}

/// Two pages that count their views, with and without a pause between read and write, and two forms.
fn beside(client: &Client, which: usize) -> Answer {
    match which {
        0 => client.get("/count").send(),
        1 => client.get("/count_slow").send(),
        2 => client.post("/typed").json(&json!({ "add_counter": 1 })).send(),
        _ => client.post("/typed").json(&json!({ "add_counter": 1, "sleep_ms": 10 })).send(),
    }
}

fn is_form(which: usize) -> bool {
    which > 1
}

/// Whether a request had the session, whose counter was 1 at the least, and has to be counted in it. One that came with
/// an id that was renewed before saw no session: a page then says 1, and a form is refused.
fn has_counted(answer: &Answer, which: usize) -> bool {
    match is_form(which) {
        _ if answer.status != 200 => false,
        true => answer.json()["counter"].as_i64() > Some(1),
        false => answer.text() != "1",
    }
}
