//! What the servers of a cluster say of it when they do not agree.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rocket_session_state_core::store::{Part, RedisStore, Store};
use test_servers::resp::{Connection, Reply};
use tokio::time::{Instant, sleep, timeout};

use crate::calls::{call, until, within};

/// A server that says of its cluster what it is told to say.
struct Fake {
    port: u16,
    says: Arc<Mutex<Says>>,
}

#[derive(Clone, Copy)]
enum Says {
    /// The table of this epoch, by which this port has all slots.
    Table(u64, u16),
    /// It has been reset: there are no slots.
    Empty,
    Nothing,
}

impl Fake {
    fn start(delay: Duration) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake =
            Fake { port: listener.local_addr().unwrap().port(), says: Arc::new(Mutex::new(Says::Nothing)) };
        let says = Arc::clone(&fake.says);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let says = Arc::clone(&says);
                thread::spawn(move || serve(client, delay, &says));
            }
        });
        fake
    }

    fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn part(&self) -> Option<Part> {
        Some(Part::named(format!("127.0.0.1:{}", self.port)))
    }
}

/// Answers each command after a while.
fn serve(client: TcpStream, delay: Duration, says: &Mutex<Says>) {
    let mut answers = client.try_clone().unwrap();
    let mut commands = Connection::over(client);
    while let Ok(Reply::List(words)) = commands.receive() {
        let words: Vec<String> = words.iter().map(Reply::text).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let says = *says.lock().unwrap();
        let answer = match (says, words.as_slice()) {
            (Says::Nothing, _) => continue,
            (Says::Table(_, master), ["CLUSTER", "SLOTS"]) => {
                format!("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:{master}\r\n")
            }
            (Says::Empty, ["CLUSTER", "SLOTS"]) => "*0\r\n".to_owned(),
            (Says::Table(epoch, _), ["CLUSTER", "INFO"]) => {
                bulk(&format!("cluster_state:ok\r\ncluster_current_epoch:{epoch}\r\n"))
            }
            (Says::Empty, ["CLUSTER", "INFO"]) => bulk("cluster_state:fail\r\ncluster_current_epoch:0\r\n"),
            (_, ["PTTL", ..]) => ":-2\r\n".to_owned(),
            (_, ["GET", ..]) => "$-1\r\n".to_owned(),
            (_, ["PING"]) => "+PONG\r\n".to_owned(),
            (_, ["CLIENT", ..]) => "+OK\r\n".to_owned(),
            _ => "-ERR unknown command\r\n".to_owned(),
        };
        thread::sleep(delay);
        if answers.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// A cluster of two servers that agree, of which the second has everything, and a store that knows that.
async fn two(named: usize) -> ([Fake; 2], RedisStore) {
    let fakes = [(); 2].map(|()| Fake::start(Duration::ZERO));
    fakes.iter().for_each(|fake| fake.say(Says::Table(7, fakes[1].port)));
    let store = RedisStore::cluster(fakes.iter().take(named).map(Fake::url)).unwrap();
    within(call(), store.load(call(), "k", None)).await.unwrap();
    assert_eq!(store.part_of("k"), fakes[1].part());
    (fakes, store)
}

/// A load that fails, and makes the store ask who has what.
async fn load_in_vain(store: &RedisStore) {
    let late = until(Duration::from_millis(700));
    assert!(within(late, store.load(late, "k", None)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_cut_off_with_an_older_table_leads_nobody_back_while_the_others_are_mute() {
    let ([cut_off, master], store) = two(2).await;
    cut_off.say(Says::Table(6, cut_off.port));
    master.say(Says::Nothing);
    for _ in 0..3 {
        load_in_vain(&store).await;
        assert_eq!(store.part_of("k"), master.part());
    }
    master.say(Says::Table(7, master.port));
    within(call(), store.load(call(), "k", None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_reset_does_not_make_the_cluster_forgotten() {
    let ([seed, master], store) = two(1).await;
    seed.say(Says::Empty);
    master.say(Says::Nothing);
    load_in_vain(&store).await;
    load_in_vain(&store).await;
    master.say(Says::Table(7, master.port));
    within(call(), store.load(call(), "k", None)).await.unwrap();
    assert_eq!(store.part_of("k"), master.part());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_was_set_up_anew_is_believed_after_a_while() {
    let ([first, second], store) = two(2).await;
    first.say(Says::Table(1, first.port));
    second.say(Says::Table(1, first.port));
    let is_followed = async {
        while store.part_of("k") != first.part() {
            second.say(Says::Nothing);
            load_in_vain(&store).await;
            second.say(Says::Table(1, first.port));
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(60), is_followed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_servers_need_a_third_of_a_second_for_each_answer_is_found() {
    let slow = Fake::start(Duration::from_millis(300));
    slow.say(Says::Table(1, slow.port));
    let store = RedisStore::cluster([slow.url()]).unwrap();
    let began = Instant::now();
    within(call(), store.load(call(), "k", None)).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn a_call_that_is_dropped_late_and_outside_of_a_runtime_harms_nobody() {
    let mute = Fake::start(Duration::ZERO);
    mute.say(Says::Table(7, mute.port));
    let store = RedisStore::cluster([mute.url()]).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(within(call(), store.load(call(), "k", None))).unwrap();
    mute.say(Says::Nothing);
    let mut late = Box::pin(store.load(until(Duration::from_millis(100)), "k", None));
    runtime.block_on(async {
        assert!(timeout(Duration::from_millis(300), late.as_mut()).await.is_err());
    });
    drop(runtime);
    drop(late);
}
