//! Ends of sessions that other processes learn of by a message of Redis. Polls are an hour apart: none of these tests
//! waits for one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::cmd;
use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::fields::{self, Field};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::Session;
use rocket_session_state_core::store::{DynStore, Hints, Loaded, RedisStore, Store, Watcher};
use rocket_session_state_core::value::Value;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::calls::{HOUR, call, done, new};
use crate::log_lines::captured;
use crate::redis_server::{CHANNEL_OF_K, Seen, Server};
use crate::wiretap::Wiretap;

/// Longer than any of this takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it did not come to this: {what}"));
}

/// The channels that somebody listens to.
fn channels(server: &Server) -> Vec<String> {
    server.run(cmd("PUBSUB").arg("CHANNELS"))
}

/// A watcher of a key, of which it is certain that Redis tells it of all that comes.
pub(crate) async fn watch(store: &impl Store, key: &str) -> Hints {
    let (watcher, mut hints) = Watcher::new();
    let began = Instant::now();
    store.watch(key, watcher);
    assert!(timeout(PATIENCE, hints.wait(began)).await.expect("the hint that Redis is listened to"));
    hints
}

/// Asserts that there is a hint after `moment`.
pub(crate) async fn assert_told(hints: &mut Hints, moment: Instant) {
    assert!(timeout(PATIENCE, hints.wait(moment)).await.expect("a hint"));
}

#[tokio::test]
async fn a_removal_is_told_to_those_who_watch_its_key_and_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let server = Server::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    let url = server.url();
    for url in [&url, &format!("{url}/5?protocol=3"), &format!("unix://{}", socket.display())] {
        let here = RedisStore::from_url(url).unwrap();
        let elsewhere = server.store();
        let mut hints = [watch(&here, "a").await, watch(&here, "a").await];
        let others = watch(&here, "b").await;

        elsewhere.swap(call(), "a", None, new(b"1")).await.unwrap();
        elsewhere.swap(call(), "a", Some(&Loaded::new("1")), new(b"2")).await.unwrap();
        elsewhere.swap(call(), "a", Some(&Loaded::new("1")), None).await.unwrap();
        let began = Instant::now();
        assert_eq!(elsewhere.swap(call(), "a", Some(&Loaded::new("2")), None).await.unwrap(), done());
        for hints in &mut hints {
            assert_told(hints, began).await;
        }

        elsewhere.swap(call(), "a", None, new(b"3")).await.unwrap();
        let began = Instant::now();
        assert!(elsewhere.delete(call(), "a").await.unwrap());
        for hints in &mut hints {
            assert_told(hints, began).await;
        }
        assert!(!others.any_since(began));
    }
}

#[tokio::test]
async fn a_removal_is_told_in_the_message_that_removes_and_what_is_not_removed_is_not_told() {
    let server = Server::start();
    let store = server.store();
    store.ping(call()).await.unwrap();
    store.swap(call(), "k", None, new(b"old")).await.unwrap();
    let watch = server.watch();
    store.swap(call(), "k", Some(&Loaded::new("other")), None).await.unwrap();
    store.swap(call(), "k", Some(&Loaded::new("old")), new(b"new")).await.unwrap();
    let seen = watch.end();
    assert!(!format!("{seen:?}").contains("PUBLISH"), "{seen:?}");

    let watch = server.watch();
    store.delete(call(), "k").await.unwrap();
    let told = Seen::Client(format!(r#""PUBLISH" "{CHANNEL_OF_K}" """#));
    assert_eq!(watch.end(), [Seen::Client(r#""DEL" "k""#.into()), told]);
}

#[tokio::test]
async fn nobody_listens_before_somebody_watches_or_after_all_have_gone() {
    let server = Server::start();
    let clients = || -> String { server.run(cmd("CLIENT").arg("LIST").arg("TYPE").arg("pubsub")) };
    let store = server.store();
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    store.delete(call(), "k").await.unwrap();
    assert_eq!(clients(), "");

    let (first, second) = (watch(&store, "a").await, watch(&store, "b").await);
    assert_eq!((clients().lines().count(), channels(&server).len()), (1, 2));
    drop(first);
    rest().await;
    until("one channel is left", || channels(&server).len() == 1).await;
    drop(second);
    rest().await;
    until("nobody listens", || clients().is_empty()).await;

    let _third = watch(&store, "c").await;
    assert_eq!(clients().lines().count(), 1);
    drop(store);
    until("the store's connection has gone with it", || clients().is_empty()).await;
}

/// Lets the time pass at once after which those who are gone are forgotten.
async fn rest() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_all_are_told_that_they_may_have_missed_something() {
    let mut server = Server::start();
    let store = server.store();
    let mut hints = [watch(&store, "a").await, watch(&store, "b").await];
    let began = Instant::now();
    let _: i64 = server.run(cmd("CLIENT").arg("KILL").arg("TYPE").arg("pubsub"));
    for hints in &mut hints {
        assert_told(hints, began).await;
    }
    let began = Instant::now();
    server.store().delete(call(), "a").await.unwrap();
    assert_told(&mut hints[0], began).await;
    assert!(!hints[1].any_since(began));

    let began = Instant::now();
    server.kill();
    server.restart();
    for hints in &mut hints {
        assert_told(hints, began).await;
    }
    assert_eq!(channels(&server).len(), 2);
}

#[tokio::test]
async fn a_connection_that_went_silent_is_left_and_all_are_told() {
    let server = Server::start();
    let tap = Wiretap::to(server.port());
    let store = RedisStore::from_url(&format!("redis://127.0.0.1:{}", tap.port())).unwrap();
    let mut hints = watch(&store, "k").await;
    let began = Instant::now();
    tap.cut();
    // First the sign of life is asked for, then it is missed.
    while timeout(Duration::from_millis(50), hints.wait(began)).await.is_err() {
        rest().await;
    }
    let began = Instant::now();
    server.store().delete(call(), "k").await.unwrap();
    assert_told(&mut hints, began).await;
}

#[tokio::test]
async fn a_store_that_two_runtimes_use_goes_on_listening_when_the_first_one_has_ended() {
    let server = Server::start();
    let store = Arc::new(server.store());
    let first = Arc::clone(&store);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(watch(&first, "k"));
    })
    .join()
    .unwrap();
    let mut hints = watch(&store, "k").await;
    let began = Instant::now();
    server.store().delete(call(), "k").await.unwrap();
    assert_told(&mut hints, began).await;
}

#[tokio::test]
async fn a_store_without_its_type_and_one_that_moves_sessions_tell_too() {
    use rocket_session_state_core::store::migrating::{MigratingStore, MigrationSettings};

    let (old, target) = (Server::start(), Server::start());
    let settings = MigrationSettings {
        prefixes: ["old:".into(), "session:".into()],
        lifetime: HOUR,
        format: rocket_session_state_core::codec::Format::Msgpack,
        breaker_after: 5,
        call_timeout: PATIENCE,
    };
    let moving = MigratingStore::new(DynStore::new(target.store()), DynStore::new(old.store()), settings);
    let moving = DynStore::new(Arc::new(moving));
    let mut hints = watch(&moving, "session:k").await;
    for (server, key) in [(&target, "session:k"), (&old, "old:k")] {
        until("it is listened to", || channels(server).len() == 1).await;
        // Either may have said just now that it listens; a message comes after that.
        let store = server.store();
        let mut other = watch(&store, key).await;
        let began = Instant::now();
        store.delete(call(), key).await.unwrap();
        assert_told(&mut other, began).await;
        assert_told(&mut hints, began).await;
    }
}

#[tokio::test]
async fn a_user_of_redis_without_a_right_to_channels_ends_sessions_and_is_told_of_it_once() {
    let server = Server::start();
    let log = captured(format!("127.0.0.1:{}", server.port()));
    for (lines, (user, rights)) in
        [("a", "+@all resetchannels"), ("b", "+@all -publish &*"), ("c", "+@all -subscribe &*")]
            .into_iter()
            .enumerate()
    {
        let mut acl = cmd("ACL");
        acl.arg(&["SETUSER", user, "on", ">pw", "~*"]).arg(rights.split(' ').collect::<Vec<_>>());
        let _: () = server.run(&acl);
        let url = format!("redis://{user}:pw@127.0.0.1:{}", server.port());
        let store = RedisStore::from_url(&url).unwrap();
        let (watcher, _hints) = Watcher::new();
        store.watch("k", watcher);
        for _ in 0..2 {
            store.swap(call(), "k", None, new(b"1")).await.unwrap();
            assert_eq!(store.swap(call(), "k", Some(&Loaded::new("1")), None).await.unwrap(), done());
            store.swap(call(), "k", None, new(b"2")).await.unwrap();
            assert!(store.delete(call(), "k").await.unwrap());
        }
        until("it is in the log", || log.lines() == lines + 1).await;
        assert!(log.text().contains("&session-ended:* +publish +subscribe +unsubscribe"), "{}", log.text());
    }
}

/// In the guide.
const RIGHTS: &str = "~session:* &session-ended:* +pttl +get +getex +set +del +evalsha +eval +script|load +ping +publish \
                      +subscribe +unsubscribe";

#[tokio::test]
async fn a_user_of_redis_with_the_rights_that_the_guide_names_does_all_that_requests_need_and_listens() {
    assert!(include_str!("../../../docs/stores.md").contains(&format!("on >password {RIGHTS}`")));
    let server = Server::start();
    let log = captured(format!("127.0.0.1:{}", server.port()));
    let mut acl = cmd("ACL");
    acl.arg(&["SETUSER", "shop", "on", ">password"]).arg(RIGHTS.split(' ').collect::<Vec<_>>());
    let _: () = server.run(&acl);
    let store =
        Arc::new(RedisStore::from_url(&server.url().replace("//", "//shop:password@")).expect("a URL"));
    process(&store).ping(SystemTime::now()).await.unwrap();
    let mut hints = watch(&*store, "session:k").await;
    let _: () = server.run(cmd("SCRIPT").arg("FLUSH"));
    for end in [None, Some(Loaded::new("x"))] {
        assert_eq!(store.swap(call(), "session:k", None, new(b"x")).await.unwrap(), done());
        let began = Instant::now();
        match end {
            Some(expected) => drop(store.swap(call(), "session:k", Some(&expected), None).await.unwrap()),
            None => assert!(store.delete(call(), "session:k").await.unwrap()),
        }
        assert_told(&mut hints, began).await;
    }
    drop(hints);
    rest().await;
    until("nobody listens", || channels(&server).is_empty()).await;
    assert_eq!(log.text(), "");
}

/// The field that says who is logged in.
struct Username;

impl Field for Username {
    type Stored = String;
    type Declared = Option<String>;
    const KEY: &'static str = "username";

    fn default() -> Option<String> {
        None
    }
}

/// One visitor of a site that two processes serve, on one Redis.
struct Site {
    server: Server,
    store: Arc<RedisStore>,
    here: Manager,
    elsewhere: Manager,
    cookie: String,
}

fn process(store: &Arc<RedisStore>) -> Manager {
    let mut config = SessionConfig::default();
    config.session_ended_poll = HOUR;
    let environment = Environment { debug_profile: true, own_store: true, ..Environment::default() };
    let manager = Manager::with_store(config.check(environment).unwrap(), Arc::clone(store)).unwrap();
    manager.declare_login(Username::KEY);
    manager.declare_listed();
    manager
}

impl Site {
    /// A site with a user.
    async fn start() -> Site {
        let server = Server::start();
        let store = Arc::new(server.store());
        let (here, elsewhere) = (process(&store), process(&Arc::new(server.store())));
        let mut site = Site { server, store, here, elsewhere, cookie: String::new() };
        let log_in = |session: &Session| {
            fields::set::<Username>(session, Some("momo".to_owned()));
            session.set("cart", "tea");
        };
        site.request(log_in).await;
        site
    }

    /// A request to the other process.
    async fn request(&mut self, handler: impl FnOnce(&Session)) {
        let session = self.elsewhere.open(Some(&self.cookie), SystemTime::now()).await.unwrap();
        handler(&session);
        let closed = self.elsewhere.close(&session, SystemTime::now()).await.unwrap();
        if let Some(set_cookie) = closed.set_cookie {
            let (_, value) = set_cookie.split_once(';').unwrap().0.split_once('=').unwrap();
            self.cookie = value.to_owned();
        }
    }

    /// A stream of this process that waits for the end of the session, and has nothing more to do but that.
    async fn stream(&self) -> JoinHandle<()> {
        let _: () = self.server.run(cmd("CONFIG").arg("RESETSTAT"));
        let session = self.here.open(Some(&self.cookie), SystemTime::now()).await.unwrap();
        let stream = tokio::spawn(async move { session.ended().await });
        // When it was opened, when it began to wait, and when it began to listen.
        self.loaded(3).await;
        stream
    }

    /// Waits until so many records were loaded.
    async fn loaded(&self, loads: usize) {
        let count = || -> String { self.server.run(cmd("INFO").arg("commandstats")) };
        until("the record was loaded", || count().contains(&format!("cmdstat_get:calls={loads},"))).await;
    }
}

/// What a handler does to end a session.
type End = fn(&Session);

#[tokio::test]
async fn a_stream_closes_when_its_session_ends_in_another_process_however_that_ends_it() {
    let ends: [(&str, End); 5] = [
        ("destroyed", Session::destroy),
        ("logged out, with something left", |session| {
            fields::take::<Username>(session);
            session.flash("bye", "info");
        }),
        ("logged out by untyped code", |session| {
            session.remove("username");
            session.set("left", "x");
        }),
        ("emptied", Session::clear),
        ("of another user now", |session| fields::set::<Username>(session, Some("lea".to_owned()))),
    ];
    for (name, end) in ends {
        let mut site = Site::start().await;
        let streams = [site.stream().await, site.stream().await];
        assert!(streams.iter().all(|stream| !stream.is_finished()));
        site.request(end).await;
        for stream in streams {
            timeout(PATIENCE, stream).await.unwrap_or_else(|_| panic!("open, though {name}")).unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_closes_when_another_process_ends_the_sessions_of_its_user() {
    let site = Site::start().await;
    let stream = site.stream().await;
    let sessions = site.elsewhere.sessions_of(&Value::Str("momo".into()), SystemTime::now()).unwrap();
    assert_eq!(sessions.end_all().await.unwrap(), 1);
    timeout(PATIENCE, stream).await.expect("the end").unwrap();
}

#[tokio::test]
async fn a_stream_follows_a_session_that_another_process_renews_until_that_ends_there() {
    let mut site = Site::start().await;
    let stream = site.stream().await;
    for renewals in 1..4 {
        site.request(Session::regenerate).await;
        until("it listens to the new id", || channels(&site.server).len() == 1 + renewals).await;
        assert!(!stream.is_finished());
    }
    site.request(Session::destroy).await;
    timeout(PATIENCE, stream).await.expect("the end").unwrap();
}

#[tokio::test]
async fn a_stream_closes_after_an_end_that_it_missed_while_nothing_was_listening() {
    let site = Site::start().await;
    let stream = site.stream().await;
    let mut both = redis::pipe();
    both.atomic().cmd("CLIENT").arg("KILL").arg("TYPE").arg("pubsub").ignore();
    both.cmd("DEL").arg(format!("session:{}", site.cookie)).ignore();
    let mut connection = redis::Client::open(site.server.url()).unwrap().get_connection().unwrap();
    both.exec(&mut connection).unwrap();
    timeout(PATIENCE, stream).await.expect("the end").unwrap();
}

/// As in a loop of a stream, which asks anew with each event.
#[tokio::test]
async fn an_end_that_comes_between_two_waits_is_noticed_by_the_second_one() {
    let mut site = Site::start().await;
    let session = site.here.open(Some(&site.cookie), SystemTime::now()).await.unwrap();
    while channels(&site.server).is_empty() {
        assert!(timeout(Duration::from_millis(5), session.ended()).await.is_err());
    }
    // One who watches the same id is told after the session.
    let mut hints = watch(&*site.store, &format!("session:{}", site.cookie)).await;
    let began = Instant::now();
    site.request(Session::destroy).await;
    assert_told(&mut hints, began).await;
    timeout(PATIENCE, session.ended()).await.expect("the end");
}

#[tokio::test]
async fn a_flood_of_hints_is_not_a_flood_of_loads() {
    let site = Site::start().await;
    let stream = site.stream().await;
    let [channel] = channels(&site.server).try_into().unwrap();
    let began = Instant::now();
    let mut flood = redis::pipe();
    for _ in 0..10_000 {
        flood.cmd("PUBLISH").arg(&channel).arg("").ignore();
    }
    let mut connection = redis::Client::open(site.server.url()).unwrap().get_connection().unwrap();
    tokio::task::spawn_blocking(move || flood.exec(&mut connection).unwrap()).await.unwrap();
    let stats: String = site.server.run(cmd("INFO").arg("commandstats"));
    let loads = stats.split_once("cmdstat_get:calls=").unwrap().1.split_once(',').unwrap().0;
    let most = 4 + began.elapsed().as_millis() / 10;
    assert!(loads.parse::<u128>().unwrap() <= most, "{loads} loads, where {most} are allowed");
    assert!(!stream.is_finished());
}
