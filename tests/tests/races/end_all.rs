//! "Log out everywhere" beside log-ins that are under way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::json;
use session_tests::budget;
use session_tests::crowd::at_once;
use session_tests::devices::{Device, admin_end, list_key};
use session_tests::on_stores;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::storage::Storage;

use crate::site::Site;

const LOG_INS: usize = 10;

/// A log-in that was answered.
struct LogIn {
    device: Device,
    status: u16,
    at: Instant,
}

on_stores!(records, who_ends_all_beside_ten_log_ins_leaves_none_that_no_list_knows);

/// In each round, every session that lives is in the list, none lives whose log-in was answered before, and one more end
/// of all leaves none. All two hundred rounds are made in a long run; otherwise fewer, since each is some eighty
/// requests.
fn who_ends_all_beside_ten_log_ins_leaves_none_that_no_list_knows(storage: Storage) {
    let rounds = budget::amount("ROUNDS", 20, 200) as usize;
    let processes = if storage.name() == "memory" { 1 } else { 2 };
    let site = Site::with_users(&*storage, &vec![String::new(); processes]);
    // In how many rounds some log-ins were ended, and some were not.
    let mut mixed = 0;
    for round in 0..rounds {
        let (ended, living) = end_all_beside_log_ins(&site, round);
        mixed += usize::from(ended > 0 && living > 0);
    }
    assert!(mixed > 0, "{}: nobody met anybody, the test shows nothing", site.name);
}

fn end_all_beside_log_ins(site: &Site<'_>, round: usize) -> (usize, usize) {
    let user = format!("user-{round}");
    let devices: Vec<Device> =
        (0..LOG_INS).map(|number| Device::named(&format!("device {number}"))).collect();
    // Every other one is a visitor's that has a session already.
    for device in devices.iter().step_by(2) {
        assert_eq!(device.post(&site.url(round), "/typed", &json!({ "a": "tea" })).status, 200);
    }
    let answered = AtomicUsize::new(0);
    let (sent, log_ins) = thread::scope(|scope| {
        let ends = scope.spawn(|| {
            let enough = || answered.load(Ordering::SeqCst) >= round % LOG_INS;
            assert!(poll::until(PATIENCE, enough), "{}: log-ins are not answered", site.name);
            let sent = Instant::now();
            admin_end(&site.url(round / 2), &user);
            sent
        });
        let log_ins = at_once(LOG_INS, 1, |number, _| {
            let device = devices[number].clone();
            let status = device.try_log_in(&site.url(number / 2), &user).status;
            let at = Instant::now();
            answered.fetch_add(1, Ordering::SeqCst);
            LogIn { device, status, at }
        });
        (ends.join().expect("the thread of the end"), log_ins)
    });

    let explain = || format!("{}, round {round}: {}", site.name, site.output());
    let mut living = Vec::new();
    for (number, log_in) in log_ins.iter().enumerate() {
        assert!(matches!(log_in.status, 200 | 409), "{}: {}", log_in.status, explain());
        let lives = log_in.device.user(&site.url(number)).is_some();
        assert!(!lives || log_in.status == 200, "it was refused, and lives: {}", explain());
        assert!(!lives || log_in.at > sent, "it was answered before, and lives: {}", explain());
        if lives {
            living.push(&log_in.device);
        }
    }
    let mut handles = Vec::new();
    for (number, device) in living.iter().enumerate() {
        let list = device.list(&site.url(number)).expect("somebody is logged in");
        assert_eq!(list.len(), living.len(), "{list:?}: {}", explain());
        let current: Vec<_> = list.into_iter().filter(|line| line.current).collect();
        assert_eq!(current.len(), 1, "{}", explain());
        handles.extend(current.into_iter().map(|line| line.handle));
    }
    handles.sort();
    handles.dedup();
    assert_eq!(handles.len(), living.len(), "two sessions have one line: {}", explain());

    admin_end(&site.url(round), &user);
    for log_in in &log_ins {
        assert_eq!(log_in.device.user(&site.url(round)), None, "still logged in: {}", explain());
    }
    let again = Device::named("a device of the day after");
    again.log_in(&site.url(round), &user);
    assert_eq!(again.list(&site.url(round + 1)).map(|list| list.len()), Some(1), "{}", explain());
    (LOG_INS - living.len(), living.len())
}

on_stores!(records, of_some_hundred_log_ins_as_many_sessions_live_as_may_be);

fn of_some_hundred_log_ins_as_many_sessions_live_as_may_be(storage: Storage) {
    const THREADS: usize = 8;
    const LIMIT: usize = 5;
    let log_ins = budget::amount("LOG_INS", 120, 800) as usize;
    let processes = if storage.name() == "memory" { 1 } else { 2 };
    let settings = format!("session_max_per_user = {LIMIT}");
    let site = Site::with_users(&*storage, &vec![settings; processes]);
    let devices = at_once(THREADS, log_ins / THREADS, |thread, turn| {
        let device =
            Device::named(&format!("device {turn} of {thread}, whose name is long. {}", "x".repeat(200)));
        let status = device.try_log_in(&site.url(thread + turn), "momo").status;
        assert!(matches!(status, 200 | 409), "{}: {status}: {}", site.name, site.output());
        if storage.outlives_the_application() {
            let list = storage.get(&list_key("momo")).expect("the list");
            assert!(list.len() < 4096, "{}: a list of {} bytes", site.name, list.len());
        }
        device
    });
    let living: Vec<&Device> = devices.iter().filter(|device| device.user(&site.url(0)).is_some()).collect();
    assert_eq!(living.len(), LIMIT, "{}", site.name);
    for device in living {
        let list = device.list(&site.url(1)).expect("somebody is logged in");
        assert_eq!(list.len(), LIMIT, "{}: {list:?}", site.name);
        assert!(list.iter().all(|line| line.label.len() <= 200), "{}: {list:?}", site.name);
    }
}

on_stores!(records, where_log_ins_are_refused_the_sixth_is_until_one_has_ended);

fn where_log_ins_are_refused_the_sixth_is_until_one_has_ended(storage: Storage) {
    let processes = if storage.name() == "memory" { 1 } else { 2 };
    let settings = "session_max_per_user = 5\nsession_when_full = \"refuse\"".to_owned();
    let site = Site::with_users(&*storage, &vec![settings; processes]);
    let devices: Vec<Device> = (0..12).map(|number| Device::named(&format!("device {number}"))).collect();
    let statuses =
        at_once(devices.len(), 1, |number, _| devices[number].try_log_in(&site.url(number), "momo").status);
    let admitted = statuses.iter().filter(|status| **status == 200).count();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{}: {statuses:?}", site.name);
    assert_eq!(admitted, 5, "{}: {statuses:?}", site.name);
    let inside: Vec<&Device> = devices
        .iter()
        .zip(&statuses)
        .filter(|(_, status)| **status == 200)
        .map(|(device, _)| device)
        .collect();
    let sixth = Device::named("the sixth");
    let refused = sixth.try_log_in(&site.url(1), "momo");
    assert_eq!((refused.status, refused.set_cookies().len()), (409, 0), "{}", site.name);
    assert_eq!(sixth.user(&site.url(0)), None, "{}", site.name);
    // Nobody was ended for it, and whoever is inside may log in again.
    assert_eq!(inside[0].list(&site.url(0)).map(|list| list.len()), Some(5), "{}", site.name);
    assert_eq!(inside[1].try_log_in(&site.url(1), "momo").status, 200, "{}", site.output());
    assert_eq!(inside[2].post(&site.url(0), "/typed", &json!({ "logout": true })).status, 200);
    sixth.log_in(&site.url(0), "momo");
    assert_eq!(sixth.list(&site.url(1)).map(|list| list.len()), Some(5), "{}", site.name);
}
