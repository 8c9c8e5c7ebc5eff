//! The copies against a model of a server: every order of what readers, writers and the connection do.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use redis::aio::{AsyncPushSender, ConnectionLike};
use redis::{Cmd, Pipeline, PushInfo, PushKind, RedisFuture, Value};
use tokio::time::{Instant, advance, sleep};

use super::{Lease, LocalCopy, Reading, Writing, of_slot};
use crate::store::Loaded;

const LASTS: Duration = Duration::from_millis(100);
const LIFE: Duration = Duration::from_secs(60);
const MAX_BYTES: u64 = 1 << 20;

fn key(number: usize) -> &'static str {
    ["session:a", "session:b", "session:c"][number % 3]
}

fn told(keys: &[&str]) -> PushInfo {
    let keys = keys.iter().map(|key| Value::BulkString(key.as_bytes().to_vec())).collect();
    PushInfo { kind: PushKind::Invalidate, data: vec![Value::Array(keys)] }
}

fn told_of_all() -> PushInfo {
    PushInfo { kind: PushKind::Invalidate, data: vec![Value::Nil] }
}

/// What somebody does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Read(usize),
    /// This process writes.
    Write(usize),
    /// Nobody waits any more for the write that began first.
    GiveUp,
    /// Another process writes.
    WriteElsewhere(usize),
    RemoveAll,
    Ask,
    /// The server does the next command on the connection.
    Serve,
    /// The connection's task handles the next thing that the server has sent.
    Hear,
    /// A reader whose answer has come goes on.
    GoOn(usize),
    Look(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..3_usize;
    let step = prop_oneof![
        4 => key.clone().prop_map(Step::Read),
        1 => key.clone().prop_map(Step::Write),
        1 => Just(Step::GiveUp),
        3 => key.clone().prop_map(Step::WriteElsewhere),
        1 => Just(Step::RemoveAll),
        2 => Just(Step::Ask),
        8 => Just(Step::Serve),
        8 => Just(Step::Hear),
        6 => (0..4_usize).prop_map(Step::GoOn),
        6 => key.prop_map(Step::Look),
    ];
    proptest::collection::vec(step, 1..120)
}

enum Command<'a> {
    Read(usize, Reading<'a>),
    Write(usize, u64),
    /// Sent when the server had seen so many changes.
    Ask(u64),
}

enum Sent<'a> {
    Record(usize, u64, Reading<'a>),
    Told(PushInfo),
    /// A write, and the change that it has made.
    Written(usize, u64, u64),
    Answer(u64),
}

/// A server with one connection, and the process at its other end.
struct World<'a> {
    copies: &'a LocalCopy,
    lease: Arc<Lease>,
    hear: Box<dyn AsyncPushSender>,
    /// The number of changes that the server has made, each of which is the record that it has written.
    changes: u64,
    records: [u64; 3],
    tracked: BTreeSet<usize>,
    commands: VecDeque<Command<'a>>,
    sent: VecDeque<Sent<'a>>,
    answered: Vec<(usize, u64, Reading<'a>)>,
    /// Writes with their numbers, for as long as somebody waits for them.
    writing: VecDeque<(u64, Writing<'a>)>,
    writes: u64,
    /// The last change of each record that this process has made and waited for.
    written: [u64; 3],
    /// Changes up to this one are known here, by the last proof.
    proven: u64,
}

impl<'a> World<'a> {
    fn new(copies: &'a Arc<LocalCopy>) -> Self {
        let (lease, hear) = copies.lease();
        World {
            copies,
            lease,
            hear: Box::new(hear),
            changes: 0,
            records: [0; 3],
            tracked: BTreeSet::new(),
            commands: VecDeque::new(),
            sent: VecDeque::new(),
            answered: Vec::new(),
            writing: VecDeque::new(),
            writes: 0,
            written: [0; 3],
            proven: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Read(number) => {
                let reading = self.copies.reading(key(number));
                reading.going(&self.lease);
                self.commands.push_back(Command::Read(number, reading));
            }
            Step::Write(number) => {
                self.writes += 1;
                self.writing.push_back((self.writes, self.copies.writing(key(number))));
                self.commands.push_back(Command::Write(number, self.writes));
            }
            Step::GiveUp => drop(self.writing.pop_front()),
            Step::WriteElsewhere(number) => self.change(number),
            Step::RemoveAll => {
                self.changes += 1;
                self.records = [self.changes; 3];
                self.tracked.clear();
                self.sent.push_back(Sent::Told(told_of_all()));
            }
            Step::Ask => self.commands.push_back(Command::Ask(self.changes)),
            Step::Serve => self.serve(),
            Step::Hear => self.hear(),
            Step::GoOn(_) if self.answered.is_empty() => {}
            Step::GoOn(which) => {
                let (_, record, reading) = self.answered.swap_remove(which % self.answered.len());
                reading.found(Loaded::new(record.to_be_bytes().to_vec()), LIFE);
            }
            Step::Look(number) => self.look(number),
        }
    }

    /// The server writes a record, and tells whoever has read it.
    fn change(&mut self, number: usize) {
        self.changes += 1;
        self.records[number] = self.changes;
        if self.tracked.remove(&number) {
            self.sent.push_back(Sent::Told(told(&[key(number)])));
        }
    }

    fn serve(&mut self) {
        match self.commands.pop_front() {
            None => {}
            Some(Command::Read(number, reading)) => {
                self.tracked.insert(number);
                self.sent.push_back(Sent::Record(number, self.records[number], reading));
            }
            Some(Command::Write(number, write)) => {
                self.change(number);
                self.sent.push_back(Sent::Written(number, self.changes, write));
            }
            Some(Command::Ask(changes)) => self.sent.push_back(Sent::Answer(changes)),
        }
    }

    fn hear(&mut self) {
        match self.sent.pop_front() {
            None => {}
            Some(Sent::Record(number, record, reading)) => self.answered.push((number, record, reading)),
            Some(Sent::Told(message)) => self.hear.send(message).unwrap(),
            Some(Sent::Written(number, change, write)) => {
                let awaited = self.writing.iter().position(|(awaited, _)| *awaited == write);
                if let Some(awaited) = awaited {
                    self.writing.remove(awaited);
                    self.written[number] = change;
                }
            }
            Some(Sent::Answer(changes)) => {
                self.proven = changes;
                self.lease.proven(Instant::now());
            }
        }
    }

    /// A copy that counts is not older than what was proven, and never one that this process has replaced.
    fn look(&self, number: usize) {
        let Some(found) = self.copies.get(UNIX_EPOCH, key(number), &self.lease) else { return };
        let found = u64::from_be_bytes(found.bytes.as_ref().try_into().unwrap());
        let known = if self.records[number] <= self.proven { self.records[number] } else { 0 };
        assert!(found >= known, "{number}: {found} of {:?}, {} proven", self.records, self.proven);
        assert!(found >= self.written[number], "{number}: {found}, and {:?} were written", self.written);
    }

    /// Everybody goes on until nothing is left to do.
    fn settle(&mut self) {
        while !(self.commands.is_empty() && self.sent.is_empty() && self.answered.is_empty()) {
            self.step(Step::Serve);
            self.step(Step::Hear);
            self.step(Step::GoOn(0));
        }
        self.writing.clear();
        for number in 0..3 {
            if let Some(found) = self.copies.get(UNIX_EPOCH, key(number), &self.lease) {
                let found = u64::from_be_bytes(found.bytes.as_ref().try_into().unwrap());
                assert_eq!(found, self.records[number], "{number} stays as it was");
            }
        }
    }
}

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_copy_is_older_than_what_was_proven_and_none_stays_old(steps in steps()) {
        paused().block_on(async {
            let copies = Arc::new(LocalCopy::new(LASTS, MAX_BYTES, of_slot));
            let mut world = World::new(&copies);
            for step in steps {
                world.step(step);
            }
            world.settle();
        });
    }
}

/// Copies with one that was read at `version` just now, and the lease under which it was.
fn with_copy(life: Duration) -> (Arc<LocalCopy>, Arc<Lease>, Box<dyn AsyncPushSender>) {
    let copies = Arc::new(LocalCopy::new(LASTS, MAX_BYTES, of_slot));
    let (lease, hear) = copies.lease();
    read(&copies, &lease, life);
    (copies, lease, Box::new(hear))
}

fn read(copies: &LocalCopy, lease: &Arc<Lease>, life: Duration) {
    let reading = copies.reading(key(0));
    reading.going(lease);
    reading.found(Loaded::new(b"record".to_vec()), life);
}

fn is_there(copies: &LocalCopy, lease: &Lease) -> bool {
    copies.get(UNIX_EPOCH, key(0), lease).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_copy_counts_for_the_time_of_a_lease_and_again_once_that_is_proven_anew() {
    let (copies, lease, _hear) = with_copy(LIFE);
    advance(LASTS - Duration::from_millis(1)).await;
    assert!(is_there(&copies, &lease));
    advance(Duration::from_millis(1)).await;
    assert!(!is_there(&copies, &lease));
    lease.proven(Instant::now());
    assert!(is_there(&copies, &lease));
    // An answer that comes late proves nothing that was not proven already.
    lease.proven(Instant::now() - LASTS);
    assert!(is_there(&copies, &lease));
}

#[tokio::test(start_paused = true)]
async fn a_copy_ends_with_the_life_of_its_record_and_says_how_much_of_it_is_left() {
    let life = LASTS / 2;
    let (copies, lease, _hear) = with_copy(life);
    advance(life - Duration::from_millis(10)).await;
    let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let found = copies.get(now, key(0), &lease).unwrap();
    assert_eq!(found.expires, Some(now + Duration::from_millis(10)));
    advance(Duration::from_millis(10)).await;
    assert!(!is_there(&copies, &lease));
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_one_connection_does_not_count_on_another() {
    let (copies, lease, _hear) = with_copy(LIFE);
    let (other, _hear_other) = copies.lease();
    other.proven(Instant::now());
    assert!(!is_there(&copies, &other));
    assert!(is_there(&copies, &lease));
    // A read that was sent again, to another server, is of that one.
    drop(copies.writing(key(0)));
    let reading = copies.reading(key(0));
    reading.going(&lease);
    reading.going(&other);
    reading.found(Loaded::new(b"record".to_vec()), LIFE);
    assert!(!is_there(&copies, &lease) && is_there(&copies, &other));
}

#[tokio::test(start_paused = true)]
async fn nothing_counts_after_the_connection_has_broken() {
    let (copies, lease, hear) = with_copy(LIFE);
    // Its answer had come before, and is handled after.
    let reading = copies.reading(key(1));
    reading.going(&lease);
    hear.send(PushInfo { kind: PushKind::Disconnection, data: vec![] }).unwrap();
    reading.found(Loaded::new(b"record".to_vec()), LIFE);
    assert!(!is_there(&copies, &lease));
    assert!(copies.get(UNIX_EPOCH, key(1), &lease).is_none());
}

#[tokio::test(start_paused = true)]
async fn messages_of_keys_that_are_not_text_do_no_harm() {
    let (copies, lease, hear) = with_copy(LIFE);
    let strange = vec![Value::BulkString(vec![0xff]), Value::Int(1), Value::BulkString(key(0).into())];
    hear.send(PushInfo { kind: PushKind::Invalidate, data: vec![Value::Array(strange)] }).unwrap();
    assert!(!is_there(&copies, &lease), "the key among them was not dropped");
}

#[tokio::test(start_paused = true)]
async fn copies_take_no_more_memory_than_they_may() {
    let copies = Arc::new(LocalCopy::new(LASTS, 400_000, of_slot));
    let (lease, _hear) = copies.lease();
    let keep = |number: usize, bytes| {
        let key = format!("session:{number}");
        let reading = copies.reading(&key);
        reading.going(&lease);
        reading.found(Loaded::new(vec![0; bytes]), LIFE);
        copies.get(UNIX_EPOCH, &key, &lease).is_some()
    };
    for number in 0..400 {
        keep(number, 2_000);
        // Not even for a moment, and nobody has tidied up.
        let in_memory: usize = copies.records.iter().map(|(_, copied)| copied.loaded.bytes.len()).sum();
        assert!(in_memory <= 400_000, "{in_memory}");
    }
    assert!(copies.records.entry_count() > 0);
    assert!(!keep(400, 10_000), "one that would push out all others is kept");
}

#[tokio::test]
async fn a_copy_that_has_ended_takes_no_memory() {
    let (copies, ..) = with_copy(Duration::from_millis(50));
    let began = std::time::Instant::now();
    while copies.records.iter().next().is_some() {
        assert!(began.elapsed() < Duration::from_secs(10), "it is still there");
        sleep(Duration::from_millis(10)).await;
        copies.records.run_pending_tasks();
    }
}

/// A connection that answers every question so, and counts them.
#[derive(Clone)]
struct Answering {
    answer: &'static [u8],
    asked: Arc<AtomicU32>,
}

impl Answering {
    /// `answer` is what the server sends.
    fn new(answer: &'static [u8]) -> Self {
        Answering { answer, asked: Arc::default() }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Relaxed)
    }
}

impl ConnectionLike for Answering {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        self.asked.fetch_add(1, Relaxed);
        let answer = redis::parse_redis_value(self.answer);
        Box::pin(async { answer })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(std::future::pending())
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Reads a record on a connection that answers so, and uses its copy as often as this, a tenth of the lease apart.
async fn uses(connection: &Answering, times: u32) -> (u32, Arc<LocalCopy>, Arc<Lease>) {
    let copies = Arc::new(LocalCopy::new(LASTS, MAX_BYTES, of_slot));
    let (lease, _hear) = copies.lease();
    lease.begin(connection);
    read(&copies, &lease, LIFE);
    let mut found = 0;
    for _ in 0..times {
        sleep(LASTS / 10).await;
        found += u32::from(is_there(&copies, &lease));
    }
    (found, copies, lease)
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_kept_while_copies_are_used_and_nobody_asks_afterwards() {
    let connection = Answering::new(b":1\r\n");
    let (found, copies, lease) = uses(&connection, 100).await;
    assert_eq!(found, 100);
    // Ten leases, four questions each.
    assert!((38..=42).contains(&connection.asked()), "{}", connection.asked());
    sleep(LASTS * 2).await;
    let asked = connection.asked();
    sleep(LASTS * 100).await;
    assert_eq!(connection.asked(), asked);
    assert!(!is_there(&copies, &lease));
    // The next read begins anew.
    read(&copies, &lease, LIFE);
    sleep(LASTS / 2).await;
    assert!(connection.asked() > asked && is_there(&copies, &lease));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_names_another_one_or_refuses_proves_nothing() {
    let refusals: [&[u8]; 5] = [
        b"-MOVED 3999 127.0.0.1:6381\r\n",
        b"-ASK 3999 127.0.0.1:6381\r\n",
        b"-CLUSTERDOWN The cluster is down\r\n",
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-NOREPLICAS Not enough good replicas to write.\r\n",
    ];
    for refusal in refusals {
        let server = Answering::new(refusal);
        let (found, ..) = uses(&server, 50).await;
        // What the read itself has proven.
        assert_eq!((found, server.asked()), (9, 1), "{}", String::from_utf8_lossy(refusal));
    }
}
