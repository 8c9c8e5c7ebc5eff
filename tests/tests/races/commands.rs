//! The cost of a request: the commands that Redis sees, without those inside a script.

use session_tests::client::{Client, Request};
use session_tests::jar::Jar;
use session_tests::redis::Redis;

use crate::site::Site;

/// The names of the commands that one request made.
fn commands(redis: &Redis, request: Request<'_>, expected: u16) -> Vec<String> {
    let seen = redis.commands_during(|| assert_eq!(request.send().status, expected));
    seen.into_iter().filter(|seen| !seen.by_script).map(|seen| seen.words[0].to_uppercase()).collect()
}

/// A visitor with a session and no login, on a connection that is open already.
fn visitor(site: &Site<'_>) -> Client {
    let visitor = Client::with_jar(&site.processes[0].url(), &Jar::default());
    assert_eq!(visitor.get("/count").send().status, 200);
    visitor
}

#[test]
fn a_request_costs_what_the_design_says() {
    let redis = &Redis::start();
    let site = Site::of(redis, 1);
    let visitor = visitor(&site);
    assert_eq!(commands(redis, visitor.get("/untouched"), 200), [""; 0]);
    assert_eq!(commands(redis, visitor.get("/anon"), 200), [""; 0]);
    assert_eq!(commands(redis, visitor.get("/read"), 200), ["PTTL", "GET"]);
    assert_eq!(commands(redis, visitor.get("/typed"), 200), ["PTTL", "GET"], "eight fields");
    assert_eq!(commands(redis, visitor.get("/member"), 401), ["PTTL", "GET"], "a guard that says no");
    assert_eq!(commands(redis, visitor.get("/count"), 200), ["PTTL", "GET", "EVALSHA"]);
    assert_eq!(
        commands(redis, visitor.get("/login?name=momo"), 200),
        ["PTTL", "GET", "EVALSHA", "EVALSHA", "EVALSHA"]
    );
    assert_eq!(commands(redis, visitor.get("/member"), 200), ["PTTL", "GET"]);
    assert_eq!(commands(redis, visitor.get("/set_a?v=x"), 200), ["PTTL", "GET", "EVALSHA"]);
    assert_eq!(commands(redis, visitor.get("/set_a?v=x"), 200), ["PTTL", "GET"], "nothing has changed");
    assert_eq!(commands(redis, visitor.get("/panic"), 500), ["PTTL", "GET"], "a panic saves nothing");
    assert_eq!(visitor.get("/read").send().set_cookies(), [""; 0], "a cookie that the browser has");
    let logout = visitor.post("/typed").json(&serde_json::json!({ "logout": true }));
    assert_eq!(
        commands(redis, logout, 200),
        ["PTTL", "GET", "DEL", "PUBLISH"],
        "the last two in one message"
    );
}

#[test]
fn a_cookie_that_can_not_be_ours_costs_nothing_and_an_unknown_one_is_not_adopted() {
    let redis = &Redis::start();
    let site = Site::of(redis, 1);
    let client = site.client(0);
    let known = site.log_in();
    let id = known.strip_prefix("session=").unwrap();
    let malformed = [
        String::new(),
        "x".to_owned(),
        id[1..].to_owned(),
        format!("{id}A"),
        format!("{}!", &id[1..]),
        format!("{}%00", &id[1..]),
        format!("{}*", &id[1..]),
        format!("{id}.{id}"),
        "A".repeat(4000),
        "..%2F..%2Fetc%2Fpasswd".to_owned(),
    ];
    for value in malformed {
        let request = client.get("/read").cookie(&format!("session={value}"));
        assert_eq!(commands(redis, request, 200), [""; 0], "{value}");
    }
    let unknown = format!("session={}", "A".repeat(id.len()));
    assert_eq!(commands(redis, client.get("/read").cookie(&unknown), 200), ["PTTL", "GET", "PTTL", "GET"]);
    let planted = client.get("/count").cookie(&unknown).send();
    assert!(planted.set_cookies().iter().all(|line| !line.starts_with(&unknown)), "an id was adopted");
}

#[test]
fn a_life_is_extended_when_that_is_due_and_in_flasks_way_as_it_is_read() {
    let redis = Redis::start();
    let app = |settings: &str| {
        session_tests::app::Launch::new(env!("CARGO_BIN_EXE_probe"))
            .toml(&format!("[default]\nsession_type = \"redis\"\n{settings}"))
            .env("ROCKET_SESSION_REDIS", &redis.url())
            .start()
    };
    let flasks = app("session_refresh_after = 0");
    let visitor = Client::with_jar(&flasks.url(), &Jar::default());
    visitor.get("/count").send();
    assert_eq!(commands(&redis, visitor.get("/read"), 200), ["GETEX"]);
    assert_eq!(commands(&redis, visitor.get("/count"), 200), ["GETEX", "EVALSHA"]);
    assert_eq!(visitor.get("/read").send().set_cookies().len(), 1);

    // The lifetime was made shorter, so every session that began before is due.
    let shorter = app("permanent_session_lifetime = \"1 day\"");
    let due = || {
        let jar = Jar::default();
        Client::with_jar(&flasks.url(), &jar).get("/count").send();
        let visitor = Client::with_jar(&shorter.url(), &jar);
        assert_eq!(visitor.get("/anon").send().status, 200);
        visitor
    };
    let visitor = due();
    assert_eq!(commands(&redis, visitor.get("/read"), 200), ["PTTL", "GET", "EVALSHA"]);
    assert_eq!(
        commands(&redis, visitor.get("/read"), 200),
        ["PTTL", "GET"],
        "its life is that of the others"
    );
    assert_eq!(commands(&redis, due().get("/count"), 200), ["PTTL", "GET", "EVALSHA"]);
    assert_eq!(due().get("/read").send().set_cookies().len(), 1);

    let never = app("session_refresh_each_request = false");
    let visitor = Client::with_jar(&never.url(), &Jar::default());
    visitor.get("/count").send();
    assert_eq!(commands(&redis, visitor.get("/read"), 200), ["PTTL", "GET"]);
}
