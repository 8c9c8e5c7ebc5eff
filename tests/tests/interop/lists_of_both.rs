//! Lists that Rust and Flask with the companion keep together, so that each shows and ends what the other has made.

use std::thread;

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::budget::amount;
use session_tests::client::Client;
use session_tests::devices::{Device, Listed, admin_end, list_key};
use session_tests::flask::Flask;
use session_tests::on_stores;
use session_tests::redis::Redis;
use session_tests::storage::{Fixture, Storage};

use crate::pair::{Settings, perform};

/// Both sides on one store, with lists.
struct Site<'s> {
    engine: &'s dyn Fixture,
    ours: App,
    flask: Flask,
}

impl<'s> Site<'s> {
    fn start(engine: &'s dyn Fixture) -> Site<'s> {
        Site::limited(engine, 0, "oldest")
    }

    fn limited(engine: &'s dyn Fixture, limit: u32, when_full: &str) -> Site<'s> {
        engine.clear();
        let settings = Settings { lists: true, ..Settings::records_in(engine, "msgpack", false) };
        let limits = format!("session_max_per_user = {limit}\nsession_when_full = {when_full:?}\n");
        let ours = Launch::new(env!("CARGO_BIN_EXE_probe-users")).toml(&(settings.rocket_toml() + &limits));
        let mut config = settings.flask_config();
        for (key, value) in [
            ("SESSION_LISTED", json!(true)),
            ("SESSION_REFRESH_AFTER", json!(0)),
            ("SESSION_SUCCESSOR_SECONDS", json!(0)),
            ("SESSION_MAX_PER_USER", json!(limit)),
            ("SESSION_WHEN_FULL", json!(when_full)),
        ] {
            config[key] = value;
        }
        Site { engine, ours: ours.start(), flask: Flask::companion(engine, &config) }
    }

    /// The addresses of both sides.
    fn urls(&self) -> [String; 2] {
        [self.ours.url(), self.flask.url()]
    }

    /// The same from either side: which of them comes first, and which second.
    fn both_ways(&self) -> [[String; 2]; 2] {
        let [ours, flask] = self.urls();
        [[ours.clone(), flask.clone()], [flask, ours]]
    }

    /// The user whom both sides see.
    fn user(&self, device: &Device) -> Option<String> {
        let [ours, flask] = self.urls().map(|url| device.user(&url));
        assert_eq!(ours, flask, "{}: {}", self.engine, self.told());
        ours
    }

    /// The list of a device's user, which is the same on both sides.
    fn list(&self, device: &Device) -> Vec<Listed> {
        let [ours, flask] = self.urls().map(|url| device.list(&url).expect("somebody is logged in"));
        assert_eq!(ours.len(), flask.len(), "{}: {}", self.engine, self.told());
        for (one, other) in ours.iter().zip(&flask) {
            let known = |line: &Listed| {
                (line.handle.clone(), line.created.to_string(), line.label.clone(), line.current)
            };
            assert_eq!(known(one), known(other), "{}", self.engine);
            assert!((one.last_seen - other.last_seen).abs() <= 1.0, "{}: {one:?} {other:?}", self.engine);
        }
        assert_eq!(ours.iter().filter(|line| line.current).count(), 1, "{}", self.engine);
        ours
    }

    fn told(&self) -> String {
        self.ours.output() + &self.flask.output()
    }
}

on_stores!(lasting, what_either_side_has_entered_is_shown_and_ended_by_the_other);

fn what_either_side_has_entered_is_shown_and_ended_by_the_other(storage: Storage) {
    let site = Site::start(&*storage);
    for [here, there] in site.both_ways() {
        let [first, second, third] = ["a telephone", "a laptop", "a tablet"].map(Device::named);
        first.log_in(&here, "momo");
        second.log_in(&there, "momo");
        third.log_in(&here, "momo");
        let list = site.list(&first);
        assert_eq!(
            list.iter().map(|line| line.label.as_str()).collect::<Vec<_>>(),
            ["a tablet", "a laptop", "a telephone"]
        );
        // Each knows the seal of the other, so that a page which reads leaves the list alone.
        let record = storage.get(&list_key("momo"));
        for device in [&first, &second, &third] {
            assert_eq!(site.user(device).as_deref(), Some("momo"), "{storage}: {}", site.told());
        }
        assert_eq!(storage.get(&list_key("momo")), record, "{storage}");
        // Each of them is ended where it was not made.
        assert_eq!(third.end(&here, &list[1].handle), 200, "{storage}");
        assert_eq!((site.user(&second), site.list(&first).len()), (None, 2), "{storage}");
        assert_eq!(third.end(&there, "no-such-handle"), 404, "{storage}");
        assert_eq!(third.end_others(&there), 200, "{storage}");
        assert_eq!((site.user(&first), site.list(&third).len()), (None, 1), "{storage}");
        second.log_in(&there, "momo");
        assert_eq!(third.end_all(&there), 200, "{storage}");
        assert_eq!([site.user(&second), site.user(&third)], [None, None], "{storage}: {}", site.told());
        assert_eq!(storage.get(&list_key("momo")), None, "{storage}");
        assert_eq!(third.end_all(&there), 401, "{storage}");
    }
}

#[test]
fn an_administrator_of_either_side_ends_what_the_other_has_made() {
    let redis = Redis::start();
    let site = Site::start(&redis);
    for [here, there] in site.both_ways() {
        let [of_momo, of_ann] = ["a telephone", "a laptop"].map(Device::named);
        of_momo.log_in(&here, "momo");
        of_ann.log_in(&here, "ann");
        admin_end(&there, "momo");
        assert_eq!(site.user(&of_momo), None);
        assert_eq!(site.user(&of_ann).as_deref(), Some("ann"));
        // Another user in the same browser is in the other list.
        of_ann.log_in(&there, "momo");
        admin_end(&here, "ann");
        assert_eq!(site.user(&of_ann).as_deref(), Some("momo"));
        admin_end(&here, "momo");
        assert_eq!(site.user(&of_ann), None);
    }
}

#[test]
fn a_new_id_of_either_side_keeps_handle_time_and_label() {
    let redis = Redis::start();
    let site = Site::start(&redis);
    for [here, there] in site.both_ways() {
        let device = Device::named("a telephone");
        device.log_in(&here, "momo");
        let before = site.list(&device);
        for url in [&there, &here, &there] {
            let cookie = device.cookie();
            perform(&Client::with_jar(url, device.jar()), &json!([["get", "username"], ["regenerate"]]));
            assert_ne!(device.cookie(), cookie);
            let cookie = device.cookie();
            device.log_in(url, "momo");
            assert_ne!(device.cookie(), cookie);
            let [line] = site.list(&device).try_into().expect("one session");
            assert_eq!((&line.handle, &line.label), (&before[0].handle, &before[0].label));
            assert_eq!(line.created.to_string(), before[0].created.to_string());
        }
        admin_end(&there, "momo");
        assert_eq!(site.user(&device), None);
    }
}

#[test]
fn a_log_out_at_either_side_leaves_the_list_of_both() {
    let redis = Redis::start();
    let site = Site::start(&redis);
    for [here, there] in site.both_ways() {
        let [first, second] = ["a telephone", "a laptop"].map(Device::named);
        first.log_in(&here, "momo");
        second.log_in(&there, "momo");
        assert_eq!(first.post(&there, "/typed", &json!({ "logout": true })).status, 200);
        assert_eq!((site.user(&first), site.list(&second).len()), (None, 1));
        assert_eq!(second.post(&here, "/typed", &json!({ "logout": true })).status, 200);
        assert_eq!(redis.get(&list_key("momo")), None);
    }
}

#[test]
fn the_limit_counts_the_sessions_of_both_sides() {
    let redis = Redis::start();
    for when_full in ["oldest", "refuse"] {
        let site = Site::limited(&redis, 2, when_full);
        for [here, there] in site.both_ways() {
            let devices = ["a telephone", "a laptop", "a tablet"].map(Device::named);
            devices[0].log_in(&here, "momo");
            devices[1].log_in(&there, "momo");
            let third = devices[2].try_log_in(&there, "momo").status;
            let users = devices.each_ref().map(|device| site.user(device).is_some());
            match when_full {
                "oldest" => assert_eq!((third, users), (200, [false, true, true]), "{}", site.told()),
                _ => assert_eq!((third, users), (409, [true, true, false]), "{}", site.told()),
            }
            admin_end(&here, "momo");
        }
    }
}

#[test]
fn log_ins_at_both_sides_at_once_are_all_in_the_list_and_none_outlives_the_end_of_all() {
    let redis = Redis::start();
    let site = Site::start(&redis);
    let devices: Vec<Device> = (0..16).map(|number| Device::named(&format!("device {number}"))).collect();
    for round in 0..amount("LISTS", 6, 100) {
        // One who ends all of them at any moment leaves none that is not in the list.
        let beside = round % 2 == 1;
        thread::scope(|scope| {
            for (device, url) in devices.iter().zip(site.urls().iter().cycle()) {
                let url = url.clone();
                scope.spawn(move || {
                    let status = device.try_log_in(&url, "momo").status;
                    assert!(status == 200 || (beside && status == 409), "{status}");
                });
            }
            if beside {
                admin_end(&site.urls()[usize::from(round % 4 == 3)], "momo");
            }
        });
        let living: Vec<&Device> = devices.iter().filter(|device| site.user(device).is_some()).collect();
        assert!(beside || living.len() == devices.len(), "{}", site.told());
        if let Some(device) = living.first() {
            assert_eq!(site.list(device).len(), living.len(), "{}", site.told());
            assert_eq!(device.end_all(&site.urls()[usize::from(round % 3 == 0)]), 200);
        }
        for device in &devices {
            assert_eq!(site.user(device), None, "{}", site.told());
        }
    }
}
