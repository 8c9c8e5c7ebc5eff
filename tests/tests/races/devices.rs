//! A user with three devices, two processes: what ends ends everywhere, streams included, and nothing else does.

use std::time::{Duration, Instant};

use serde_json::json;
use session_tests::budget;
use session_tests::client::Client;
use session_tests::devices::{Device, Listed, admin_end};
use session_tests::on_stores;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::server_sent::ServerSent;
use session_tests::storage::Storage;

use crate::site::Site;

/// A stream that asks the store so rarely hears of an end in another way, or never in a test.
const NEVER: &str = "session_ended_poll = \"1 hour\"";

const OFTEN: &str = "session_ended_poll = \"50 ms\"";

/// The interval of [`OFTEN`].
const POLL: Duration = Duration::from_millis(50);

/// What a question to the store, and the request that ends the session, may take.
const SLACK: Duration = Duration::from_millis(100);

/// The time in which Redis tells another process, with the request that ends the session.
const TOLD: Duration = Duration::from_millis(100);

/// A device whose user has a page with a stream open at each process.
struct Open {
    device: Device,
    streams: Vec<ServerSent>,
}

impl Open {
    fn log_in(site: &Site<'_>, name: &str, process: usize) -> Open {
        let device = Device::named(name);
        device.log_in(&site.url(process), "momo");
        let streams = (0..site.processes.len())
            .map(|process| {
                let mut stream = ServerSent::open(&site.url(process), "/stream", &device.cookie());
                assert_eq!(stream.event(), "data: open\n\n");
                stream
            })
            .collect();
        Open { device, streams }
    }

    /// Its streams close, and its next request is a visitor's, whichever process is asked.
    fn has_ended(self, site: &Site<'_>) {
        for stream in self.streams {
            assert_eq!(stream.rest(), "data: ended\n\n", "{}: {}", site.name, site.output());
        }
        for process in 0..site.processes.len() {
            assert_eq!(self.device.user(&site.url(process)), None, "{}", site.name);
            assert_eq!(self.device.list(&site.url(process)), None, "{}", site.name);
        }
    }

    fn goes_on(&mut self, site: &Site<'_>) {
        for (process, stream) in self.streams.iter_mut().enumerate() {
            assert!(stream.is_silent(), "{}: a stream has closed: {}", site.name, site.output());
            assert_eq!(self.device.user(&site.url(process)).as_deref(), Some("momo"), "{}", site.name);
        }
    }

    fn list(&self, site: &Site<'_>, process: usize) -> Vec<Listed> {
        self.device.list(&site.url(process)).expect("somebody is logged in")
    }
}

on_stores!(records, of_three_devices_exactly_those_end_that_are_meant_in_every_process);

fn of_three_devices_exactly_those_end_that_are_meant_in_every_process(storage: Storage) {
    // All ends come from the first process, which so knows of them. The other one asks the store, or is told by it.
    let settings: &[&str] = match storage.name() {
        "memory" => &[NEVER],
        name if name.starts_with("Redis") => &[NEVER, NEVER],
        _ => &[NEVER, OFTEN],
    };
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    three_devices(&Site::with_users(&*storage, &settings));
}

fn three_devices(site: &Site<'_>) {
    let mut telephone = Open::log_in(site, "a telephone", 0);
    let tablet = Open::log_in(site, "a tablet", 1);
    let mut laptop = Open::log_in(site, "a laptop", 0);
    let stranger = Device::named("somebody else's");
    stranger.log_in(&site.url(1), "lili");

    for process in 0..site.processes.len() {
        let list = telephone.list(site, process);
        let named = |line: &Listed| (line.label.clone(), line.current);
        let mut lines: Vec<_> = list.iter().map(named).collect();
        lines.sort();
        let expected = [("a laptop", false), ("a tablet", false), ("a telephone", true)];
        assert_eq!(lines, expected.map(|(name, current)| (name.to_owned(), current)), "{}", site.name);
        assert_eq!(telephone.device.end(&site.url(process), "no handle"), 404, "{}", site.name);
    }
    let handle = |list: &[Listed], label: &str| {
        list.iter().find(|line| line.label == label).expect("a line with this label").handle.clone()
    };
    let handle_of_tablet = handle(&telephone.list(site, 0), "a tablet");
    // Nobody ends what is another user's.
    assert_eq!(stranger.end(&site.url(0), &handle_of_tablet), 404, "{}", site.name);
    assert_eq!(telephone.device.end(&site.url(0), &handle_of_tablet), 200, "{}", site.output());
    tablet.has_ended(site);
    for open in [&mut telephone, &mut laptop] {
        open.goes_on(site);
        assert_eq!(open.list(site, 1).len(), 2, "{}", site.name);
    }
    assert_eq!(telephone.device.end(&site.url(0), &handle_of_tablet), 404, "{}: it has ended", site.name);

    assert_eq!(laptop.device.end_others(&site.url(0)), 200, "{}", site.output());
    telephone.has_ended(site);
    laptop.goes_on(site);
    assert_eq!(laptop.list(site, 1).len(), 1, "{}", site.name);

    admin_end(&site.url(0), "momo");
    laptop.has_ended(site);
    assert_eq!(stranger.user(&site.url(1)).as_deref(), Some("lili"), "{}", site.name);

    // Who ends all ends the own session, too.
    let mut again = [Open::log_in(site, "a telephone", 0), Open::log_in(site, "a tablet", 0)];
    again.iter_mut().for_each(|open| open.goes_on(site));
    let [asks, other] = again;
    assert_eq!(asks.device.end_all(&site.url(0)), 200, "{}", site.output());
    asks.has_ended(site);
    other.has_ended(site);
    assert_eq!(stranger.list(&site.url(0)).map(|list| list.len()), Some(1), "{}", site.name);
}

on_stores!(lasting, the_streams_of_another_process_close_soon_after_the_end_of_their_session);

/// How soon is looked at in a long run alone, whose machine does nothing else.
fn the_streams_of_another_process_close_soon_after_the_end_of_their_session(storage: Storage) {
    let rounds = budget::amount("ROUNDS", 3, 20);
    let is_told = storage.name().starts_with("Redis");
    let settings = [NEVER, if is_told { NEVER } else { OFTEN }].map(str::to_owned);
    let site = Site::with_users(&*storage, &settings);
    let mut took: Vec<Duration> = (0..rounds)
        .map(|_| {
            let device = Device::named("a telephone");
            device.log_in(&site.url(1), "momo");
            let mut stream = ServerSent::open(&site.url(1), "/stream", &device.cookie());
            assert_eq!(stream.event(), "data: open\n\n");
            let sent = Instant::now();
            admin_end(&site.url(0), "momo");
            assert_eq!(stream.rest(), "data: ended\n\n", "{}: {}", site.name, site.output());
            sent.elapsed()
        })
        .collect();
    took.sort();
    let median = took[took.len() / 2];
    let limit = if is_told { TOLD } else { POLL + SLACK };
    assert!(!budget::long() || median <= limit, "{}: {took:?}", site.name);
}

on_stores!(records, a_request_that_is_running_when_its_session_is_ended_from_elsewhere_is_told);

fn a_request_that_is_running_when_its_session_is_ended_from_elsewhere_is_told(storage: Storage) {
    let processes = if storage.name() == "memory" { 1 } else { 2 };
    let site = Site::with_users(&*storage, &vec![String::new(); processes]);
    for process in 0..processes {
        let device = Device::named("a telephone");
        device.log_in(&site.url(process), "momo");
        let cookie = device.cookie();
        let running = json!({ "ops": [
            ["set", "begun", true], ["save"], ["sleep", 300], ["set", "b", "late"],
        ]});
        let running = std::thread::scope(|scope| {
            let running =
                scope.spawn(|| site.client(process).post("/ops").cookie(&cookie).json(&running).send());
            let look = json!({ "ops": [["contains", "begun"]] });
            let has_begun = || {
                let answer = site.client(0).post("/ops").cookie(&cookie).json(&look).send();
                answer.json()["results"][0] == true
            };
            assert!(poll::until(PATIENCE, has_begun), "{}", site.output());
            admin_end(&site.url(0), "momo");
            running.join().expect("the thread of a request")
        });
        assert_eq!(running.status, 409, "{}: {}", site.name, site.output());
        assert_eq!(running.set_cookies(), [""; 0], "{}", site.name);
        assert_eq!(device.user(&site.url(process)), None, "{}", site.name);
    }
}

on_stores!(records, a_session_keeps_its_line_when_it_gets_another_id);

fn a_session_keeps_its_line_when_it_gets_another_id(storage: Storage) {
    let processes = if storage.name() == "memory" { 1 } else { 2 };
    let site = Site::with_users(&*storage, &vec![String::new(); processes]);
    let [device, other] = ["a telephone", "a tablet"].map(Device::named);
    device.log_in(&site.url(0), "momo");
    other.log_in(&site.url(1), "momo");
    let line = |device: &Device| {
        let list = device.list(&site.url(1)).expect("somebody is logged in");
        assert_eq!(list.len(), 2, "{}: {list:?}", site.name);
        list.into_iter().find(|line| line.current).expect("the own line")
    };
    let before = line(&device);
    let renewals = [
        json!({ "ops": [["regenerate"]] }),
        json!({ "ops": [["regenerate"], ["set", "k", 1], ["save"], ["regenerate"]] }),
    ];
    for (process, renewal) in renewals.iter().enumerate() {
        let old = device.cookie();
        assert_eq!(device.post(&site.url(process), "/ops", renewal).status, 200, "{}", site.output());
        assert_ne!(device.cookie(), old, "{}", site.name);
        let after = line(&device);
        assert_eq!((&after.handle, &after.label), (&before.handle, &before.label), "{}", site.name);
        assert!(after.created == before.created, "{}: {after:?}", site.name);
        assert_eq!(Client::new(&site.url(1)).get("/read").cookie(&old).send().text(), "", "{}", site.name);
    }
    // Its handle ends it under the id that it has by now.
    assert_eq!(other.end(&site.url(1), &before.handle), 200, "{}", site.output());
    assert_eq!(device.user(&site.url(0)), None, "{}", site.name);
    assert_eq!(other.user(&site.url(0)).as_deref(), Some("momo"), "{}", site.name);
}
