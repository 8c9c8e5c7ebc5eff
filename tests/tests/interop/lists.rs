//! Sessions that Flask makes or changes, and the lists of their users here.

use serde_json::json;
use session_tests::app::App;
use session_tests::client::Client;
use session_tests::devices::{Device, admin_end};
use session_tests::flask::Flask;
use session_tests::on_stores;
use session_tests::storage::{Fixture, Storage};

use crate::pair::{Pair, Settings, perform};

/// Both sides on one store, ours with lists.
struct Site<'s> {
    engine: &'s dyn Fixture,
    pair: Pair,
}

impl<'s> Site<'s> {
    fn start(engine: &'s dyn Fixture, use_signer: bool) -> Site<'s> {
        engine.clear();
        let settings = Settings { lists: true, ..Settings::records_in(engine, "msgpack", use_signer) };
        Site { engine, pair: settings.start() }
    }

    /// Lets Flask do something with a device's session.
    fn in_flask(&self, device: &Device, ops: serde_json::Value) {
        perform(&Client::with_jar(&self.flask().url(), device.jar()), &ops);
    }

    fn logs_in_at_flask(&self, device: &Device, user: &str) {
        self.in_flask(device, json!([["set", "username", user]]));
    }

    fn ours(&self) -> &App {
        &self.pair.ours
    }

    fn flask(&self) -> &Flask {
        &self.pair.flask
    }

    /// The user whom both sides see.
    fn user(&self, device: &Device) -> Option<String> {
        let user = device.user(&self.ours().url());
        let at_flask =
            perform(&Client::with_jar(&self.flask().url(), device.jar()), &json!([["get", "username"]]));
        assert_eq!(at_flask, json!([user]), "{}: {}", self.engine, self.ours().output());
        user
    }

    /// The number of sessions in the list of the device's user.
    fn listed(&self, device: &Device) -> usize {
        let list = device.list(&self.ours().url()).expect("somebody is logged in");
        assert_eq!(list.iter().filter(|line| line.current).count(), 1, "{}: {list:?}", self.engine);
        list.len()
    }
}

on_stores!(lasting, a_session_that_flask_has_made_is_in_the_list_once_it_was_seen_here);

fn a_session_that_flask_has_made_is_in_the_list_once_it_was_seen_here(storage: Storage) {
    for signed in [false, true] {
        let site = Site::start(&*storage, signed);
        let url = site.ours().url();
        let [ours, of_flask] = ["a telephone", "a tablet"].map(Device::named);
        ours.log_in(&url, "momo");
        site.logs_in_at_flask(&of_flask, "momo");
        assert_eq!(site.listed(&ours), 1, "{storage}: nobody has seen it here");
        // A page that only reads is enough.
        assert_eq!(of_flask.get(&url, "/read").text(), "momo", "{storage}");
        assert_eq!(site.listed(&ours), 2, "{storage}");
        // Seeing it again changes nothing.
        assert_eq!(of_flask.get(&url, "/read").text(), "momo", "{storage}");
        assert_eq!((site.listed(&ours), site.listed(&of_flask)), (2, 2), "{storage}");
        let list = ours.list(&url).expect("somebody is logged in");
        let other = list.iter().find(|line| !line.current).expect("another line");
        assert_eq!(ours.end(&url, &other.handle), 200, "{storage}");
        assert_eq!(site.user(&of_flask), None, "{storage}");
        assert_eq!(site.user(&ours).as_deref(), Some("momo"), "{storage}");
    }
}

on_stores!(lasting, a_page_of_devices_is_itself_the_first_sight_of_a_session_that_flask_has_made);

fn a_page_of_devices_is_itself_the_first_sight_of_a_session_that_flask_has_made(storage: Storage) {
    let site = Site::start(&*storage, false);
    let [first, second] = ["a telephone", "a tablet"].map(Device::named);
    for device in [&first, &second] {
        site.logs_in_at_flask(device, "momo");
    }
    assert_eq!(site.listed(&first), 1, "{storage}");
    assert_eq!(site.listed(&second), 2, "{storage}");
    assert_eq!(first.end_all(&site.ours().url()), 200, "{storage}");
    assert_eq!([site.user(&first), site.user(&second)], [None, None], "{storage}");
}

on_stores!(lasting, who_ends_the_sessions_of_the_user_before_ends_none_that_flask_has_given_to_another);

fn who_ends_the_sessions_of_the_user_before_ends_none_that_flask_has_given_to_another(storage: Storage) {
    let site = Site::start(&*storage, false);
    let url = site.ours().url();
    for seen_here in [false, true] {
        let [device, other] = ["a telephone", "a tablet"].map(Device::named);
        device.log_in(&url, "ann");
        other.log_in(&url, "ann");
        // In place: id and data stay.
        site.logs_in_at_flask(&device, "bob");
        if seen_here {
            assert_eq!(site.user(&device).as_deref(), Some("bob"), "{storage}");
            assert_eq!((site.listed(&device), site.listed(&other)), (1, 1), "{storage}");
        }
        admin_end(&url, "ann");
        assert_eq!(site.user(&other), None, "{storage}");
        assert_eq!(site.user(&device).as_deref(), Some("bob"), "{storage}: {}", site.ours().output());
        assert_eq!(site.listed(&device), 1, "{storage}");
        admin_end(&url, "bob");
        assert_eq!(site.user(&device), None, "{storage}: {}", site.ours().output());
    }
}

on_stores!(lasting, a_session_to_which_flask_has_given_another_id_is_ended_under_that);

fn a_session_to_which_flask_has_given_another_id_is_ended_under_that(storage: Storage) {
    let site = Site::start(&*storage, false);
    let url = site.ours().url();
    let [device, other] = ["a telephone", "a tablet"].map(Device::named);
    device.log_in(&url, "momo");
    other.log_in(&url, "momo");
    let old = device.cookie();
    site.in_flask(&device, json!([["get", "username"], ["regenerate"]]));
    assert_ne!(device.cookie(), old, "{storage}");
    assert_eq!(site.user(&device).as_deref(), Some("momo"), "{storage}");
    assert_eq!((site.listed(&device), site.listed(&other)), (2, 2), "{storage}");
    assert_eq!(other.end_others(&url), 200, "{storage}");
    assert_eq!(site.user(&device), None, "{storage}: {}", site.ours().output());
    assert_eq!(site.user(&other).as_deref(), Some("momo"), "{storage}");
}

on_stores!(lasting, a_log_out_at_flask_leaves_the_list);

fn a_log_out_at_flask_leaves_the_list(storage: Storage) {
    let site = Site::start(&*storage, false);
    let url = site.ours().url();
    let [device, other] = ["a telephone", "a tablet"].map(Device::named);
    for log_out in [json!([["pop", "username"]]), json!([["clear"]])] {
        device.log_in(&url, "momo");
        other.log_in(&url, "momo");
        site.in_flask(&device, json!([["set", "cart", "tea"]]));
        site.in_flask(&device, log_out);
        assert_eq!(site.user(&device), None, "{storage}");
        assert_eq!(site.listed(&other), 1, "{storage}");
        // What is left is a visitor's, and nobody ends it with the user's.
        let cart = perform(&Client::with_jar(&site.flask().url(), device.jar()), &json!([["get", "cart"]]));
        admin_end(&url, "momo");
        let after = perform(&Client::with_jar(&site.flask().url(), device.jar()), &json!([["get", "cart"]]));
        assert_eq!(cart, after, "{storage}");
        assert_eq!(site.user(&other), None, "{storage}");
    }
}
