//! Parallel changes of one session: none is lost.

use std::time::Instant;

use serde_json::Value;
use session_tests::budget;
use session_tests::client::Client;
use session_tests::crowd::at_once;
use session_tests::on_stores;
use session_tests::storage::Storage;

use crate::site::Site;

/// `THREADS` visitors at once, 400 requests in all.
pub(crate) fn increments(storage: &Storage, path: &str) {
    const THREADS: usize = 16;
    for site in Site::all(&**storage) {
        let cookie = site.log_in();
        let clients: Vec<Client> = (0..THREADS).map(|thread| site.client(thread)).collect();
        let statuses = at_once(THREADS, 400 / THREADS, |thread, _| {
            clients[thread].get(path).cookie(&cookie).send().status
        });
        assert_eq!(statuses.len(), 400);
        assert!(
            statuses.iter().all(|status| *status == 200),
            "{}: {statuses:?}\n{}",
            site.name,
            site.output()
        );
        let state = read_until(&site, 0, &cookie, |state| state["counter"] == 400);
        assert_eq!(state["counter"], 400, "{}", site.name);
    }
}

/// The fields of a session as a process reads them, which may lag behind the store for a moment if it has copies.
fn read_until(
    site: &Site<'_>,
    process: usize,
    cookie: &str,
    is_as_written: impl Fn(&Value) -> bool,
) -> Value {
    let began = Instant::now();
    loop {
        let state = site.client(process).get("/state").cookie(cookie).send().json();
        if is_as_written(&state) || began.elapsed() >= site.engine.reads_lag() {
            return state;
        }
    }
}

on_stores!(records, four_hundred_increments_at_once_are_four_hundred);

fn four_hundred_increments_at_once_are_four_hundred(storage: Storage) {
    increments(&storage, "/count");
}

on_stores!(records, they_are_with_twenty_milliseconds_between_read_and_write_too);

fn they_are_with_twenty_milliseconds_between_read_and_write_too(storage: Storage) {
    increments(&storage, "/count_slow");
}

on_stores!(records, of_parallel_writes_of_two_fields_none_is_lost);

fn of_parallel_writes_of_two_fields_none_is_lost(storage: Storage) {
    write_two(&storage);
}

pub(crate) fn write_two(storage: &Storage) {
    const VISITORS: usize = 4;
    let rounds = budget::amount("ROUNDS", 100, 1000) as usize;
    for site in Site::all(&**storage) {
        let cookies: Vec<String> = (0..VISITORS).map(|_| site.log_in()).collect();
        let lost = at_once(VISITORS, rounds / VISITORS, |visitor, round| {
            let (cookie, value) = (&cookies[visitor], format!("{round}"));
            let statuses = at_once(2, 1, |side, _| {
                let path = format!("/set_{}?v={value}", ["a", "b"][side]);
                site.client(visitor + side).get(&path).cookie(cookie).send().status
            });
            assert_eq!(statuses, [200, 200], "{}\n{}", site.name, site.output());
            let lost = |state: &Value| {
                [&state["a"], &state["b"]].into_iter().filter(|field| **field != value.as_str()).count()
            };
            lost(&read_until(&site, visitor, cookie, |state| lost(state) == 0))
        });
        assert_eq!(lost.iter().sum::<usize>(), 0, "{}: writes lost in {} rounds", site.name, lost.len());
    }
}

on_stores!(records, every_policy_keeps_what_it_promises_across_processes);

fn every_policy_keeps_what_it_promises_across_processes(storage: Storage) {
    const THREADS: usize = 8;
    for site in Site::all(&*storage) {
        let cookie = site.log_in();
        let answers = at_once(THREADS, 5, |thread, turn| {
            let n = thread * 5 + turn;
            let change = serde_json::json!({ "sleep_ms": 2, "tag": format!("t{n}"), "high": n, "strict": n });
            site.client(n).post("/typed").cookie(&cookie).json(&change).send().status
        });
        assert!(answers.iter().all(|status| matches!(status, 200 | 409)), "{}: {answers:?}", site.name);
        let saved = answers.iter().filter(|status| **status == 200).count();
        let fields = site.client(0).get("/typed").cookie(&cookie).send().json();
        // A refused request has saved nothing, one that was not has saved everything.
        let tags: Vec<&str> =
            fields["tags"].as_array().unwrap().iter().filter_map(|tag| tag.as_str()).collect();
        assert_eq!(tags.len(), saved, "{}: {tags:?} {answers:?}", site.name);
        let numbers: Vec<usize> = tags.iter().map(|tag| tag[1..].parse().unwrap()).collect();
        assert!(numbers.iter().all(|n| answers[*n] == 200), "{}: {tags:?} {answers:?}", site.name);
        assert_eq!(fields["high"], numbers.iter().copied().max().unwrap(), "{}", site.name);
        assert_eq!(fields["strict"], *numbers.last().unwrap(), "the last that was saved");
        assert!(saved < answers.len(), "{}: nobody met anybody, the test shows nothing", site.name);
    }
}
