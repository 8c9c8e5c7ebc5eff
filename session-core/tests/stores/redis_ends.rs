//! Ends of sessions that other processes learn of by a message of Redis. Polls are an hour apart: none of these tests
//! waits for one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::cmd;
use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::fields::{self, Field};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::Session;
use rocket_session_state_core::store::{Loaded, RedisStore, Store};
use rocket_session_state_core::value::Value;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::calls::{HOUR, call, done, new};
use crate::log_lines::captured;
use crate::redis_channels::{PATIENCE, assert_told, channels, rest, until, watch};
use crate::redis_server::Server;
use test_servers::engine::Engine;

/// In the guide.
const RIGHTS: &str = "~session:* resetchannels &session-ended:* +pttl +get +getex +set +del +evalsha +eval +script|load +ping +publish \
                      +subscribe +unsubscribe";

#[tokio::test]
async fn a_user_of_redis_with_the_rights_that_the_guide_names_does_all_that_requests_need_and_listens() {
    assert!(include_str!("../../../docs/stores.md").contains(&format!("on >password {RIGHTS}`")));
    for engine in Engine::ALL {
        a_user_does_all_and_listens(engine).await;
    }
}

async fn a_user_does_all_and_listens(engine: Engine) {
    let server = Server::start_engine(engine, &[]);
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
