//! Writes that are answered once replicas have them.

use std::collections::VecDeque;
use std::mem::{replace, take};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{ErrorKind, RedisError, RedisResult, Value, cmd};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::link::shortly_before;
use super::pipeline::{Answers, Group, HasWritten, Message, after_others};
use super::redis_error::broken;
use super::swap_form::SwapForm;

/// The writes of one connection. Each batch of which one has written something is closed by a `WAIT` for replicas.
///
/// One batch is under way at a time, and what comes meanwhile is the next one. Sent behind a `WAIT`, a write would lie in the
/// server's queue, and be carried out when its caller has long given up.
#[derive(Default)]
pub(super) struct ConfirmedWrites {
    queue: Mutex<Queue>,
    /// A batch was not answered at all. The connection is of no use any more.
    is_silent: AtomicBool,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Pending>,
    /// How many have been in it.
    count: u64,
    /// A task sends batches until nothing waits.
    is_served: bool,
}

/// A message that is not sent yet, and the way back for its answers.
struct Pending {
    number: u64,
    group: Group,
    caller: Caller,
}

/// Who waits for the answers to a message, and for replicas if it has written.
struct Caller {
    deadline: Instant,
    has_written: HasWritten,
    answer: oneshot::Sender<RedisResult<Answers>>,
}

/// A batch takes messages until they have so many bytes: they are copied into one piece.
const BATCH: usize = 64 * 1024;

impl ConfirmedWrites {
    /// Sends a message, and waits for its answer and, if it has written, until as many replicas have that as the message wants.
    /// If they are too few until the deadline, that is an error of a write that has happened. If it was not its turn before,
    /// nothing has happened, which [`is_unsent`] tells of the error.
    pub(super) async fn send<C, M: Message>(
        self: &Arc<Self>,
        connection: &C,
        form: SwapForm,
        mut message: M,
        deadline: Instant,
    ) -> RedisResult<M::Answer>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let group = message.group(form);
        let caller = Caller { deadline, has_written: message.has_written(), answer };
        let number = self.enqueue(group, caller, connection, message.replicas());
        let in_turn = match timeout_at(shortly_before(deadline), &mut answered).await {
            Ok(answers) => answers,
            Err(_) if self.take_out(number) => return Err(unsent()),
            Err(_) => answered.await,
        };
        message.answer(in_turn.unwrap_or_else(|_| Err(broken()))?)
    }

    /// Tells whether an answer may be long in coming, since replicas are waited for.
    pub(super) fn is_under_way(&self) -> bool {
        self.queue().is_served
    }

    /// Tells whether the server has stopped to answer.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.load(Relaxed)
    }

    /// Queues a message, and returns its number.
    fn enqueue<C>(self: &Arc<Self>, group: Group, caller: Caller, connection: &C, replicas: u32) -> u64
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let number;
        {
            let mut queue = self.queue();
            number = queue.count;
            queue.count += 1;
            queue.waiting.push_back(Pending { number, group, caller });
            if replace(&mut queue.is_served, true) {
                return number;
            }
        }
        let (mut serving, connection) = (Serving(Some(Arc::clone(self))), connection.clone());
        // A task of its own, since whoever came first may leave before the others have their answers.
        tokio::spawn(async move {
            loop {
                after_others().await;
                let Some(batch) = serving.next() else { return };
                if !deliver(&connection, batch, replicas).await {
                    return serving.end_in_silence();
                }
            }
        });
        number
    }

    /// Takes a message out of the queue; returns whether it was still there.
    fn take_out(&self, number: u64) -> bool {
        let mut queue = self.queue();
        let place = queue.waiting.iter().position(|pending| pending.number == number);
        place.and_then(|place| queue.waiting.remove(place)).is_some()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to serve the queue. If it is dropped while something waits, since the runtime of its task ends or the server is
/// silent, the callers learn it at once.
struct Serving(Option<Arc<ConfirmedWrites>>);

impl Serving {
    /// Takes the next batch, without those who have given up. If there is none, the duty is done.
    fn next(&mut self) -> Option<Vec<Pending>> {
        let writes = self.0.as_ref()?;
        let mut queue = writes.queue();
        let (mut batch, mut length) = (Vec::with_capacity(queue.waiting.len()), 0);
        while length < BATCH
            && let Some(pending) = queue.waiting.pop_front()
        {
            if !pending.caller.answer.is_closed() {
                length += pending.group.length();
                batch.push(pending);
            }
        }
        if batch.is_empty() {
            queue.is_served = false;
            drop(queue);
            self.0 = None;
            return None;
        }
        drop(queue);
        Some(batch)
    }

    /// Ends it since the server does not answer.
    fn end_in_silence(self) {
        if let Some(writes) = &self.0 {
            writes.is_silent.store(true, Relaxed);
            // Those who still wait are not to take theirs for sent.
            for pending in take(&mut writes.queue().waiting) {
                pending.caller.tell(Err(unsent()));
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(writes) = &self.0 {
            let mut queue = writes.queue();
            queue.waiting.clear();
            queue.is_served = false;
        }
    }
}

/// Sends a batch, then the `WAIT` for it, and hands out the answers; returns whether the server answered.
///
/// It works on them even if all callers give up, and nothing is to be sent behind that. So the answers are waited for.
async fn deliver<C>(connection: &C, batch: Vec<Pending>, replicas: u32) -> bool
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    let mut pipeline = redis::Pipeline::with_capacity(batch.len() * 2);
    let (mut taken, mut callers) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for Pending { group, caller, .. } in batch {
        taken.push(group.add_to(&mut pipeline));
        callers.push(caller);
    }
    let mut connection = connection.clone();
    // Each has its own answer, also where another one's is an error.
    let sent = pipeline.ignore_errors().query_async::<Vec<Value>>(&mut connection);
    let Ok(values) = timeout_at(patience(&callers, Duration::ZERO), sent).await else { return false };
    let mut values = values.map(Vec::into_iter);
    let mut written = Vec::new();
    for (caller, taken) in callers.into_iter().zip(taken) {
        match values.as_mut().map_err(|error| error.clone()).and_then(|values| taken.from(values)) {
            // Whether it has written is found here and not by its caller, who may be busy with something else.
            Ok(answers) if (caller.has_written)(&answers) => written.push((caller, answers)),
            answers => caller.tell(answers),
        }
    }
    confirm(&mut connection, written, replicas).await
}

/// Waits until replicas have what was written, and hands out the answers; returns whether the server answered.
///
/// Each is waited for until its own deadline: the `WAIT` is for those who leave first, and there is another one for the others.
async fn confirm<C>(connection: &mut C, mut written: Vec<(Caller, Answers)>, replicas: u32) -> bool
where
    C: ConnectionLike + Send,
{
    loop {
        written.retain(|(caller, _)| !caller.answer.is_closed());
        let Some(first) = written.iter().map(|(caller, _)| caller.deadline).min() else { return true };
        let time = time_for_replicas(first);
        let wait = cmd("WAIT").arg(replicas).arg(time.as_millis()).take();
        let patience = patience(written.iter().map(|(caller, _)| caller), time);
        let Ok(count) = timeout_at(patience, connection.req_packed_command(&wait)).await else {
            return false;
        };
        let confirmed = enough(count.and_then(Value::extract_error), replicas);
        let is_early = confirmed.as_ref().is_err_and(is_unconfirmed);
        for (caller, answers) in take(&mut written) {
            if is_early && caller.deadline > first {
                written.push((caller, answers));
            } else {
                caller.tell(confirmed.clone().map(|()| answers));
            }
        }
    }
}

impl Caller {
    /// That it can't be told means that nobody waits for it any more.
    fn tell(self, answers: RedisResult<Answers>) {
        let _ = self.answer.send(answers);
    }
}

/// Returns how long a server may take to answer before it counts as silent: while somebody waits, and so long that one which
/// lets replicas have this time can answer.
fn patience<'a>(callers: impl IntoIterator<Item = &'a Caller>, time: Duration) -> Instant {
    let least = Instant::now() + time + MARGIN * 2;
    callers.into_iter().map(|caller| caller.deadline).fold(least, Instant::max)
}

/// Returns how long replicas are waited for: the answer is to arrive before the deadline. Half of a short time is for them.
fn time_for_replicas(deadline: Instant) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    // Zero would be without an end.
    left.saturating_sub(MARGIN.max(left / 10).min(left / 2)).max(Duration::from_millis(1))
}

/// The time for the answer, where there is enough: the server looks ten times a second for those who have waited for long
/// enough.
const MARGIN: Duration = Duration::from_millis(200);

/// Tells whether as many replicas have the writes, by the answer to `WAIT`.
fn enough(count: RedisResult<Value>, replicas: u32) -> RedisResult<()> {
    match count {
        Ok(Value::Int(count)) if count >= i64::from(replicas) => Ok(()),
        Ok(Value::Int(_)) => Err((ErrorKind::Client, UNCONFIRMED).into()),
        Ok(_) => Err((ErrorKind::UnexpectedReturnType, "the answer to WAIT is not a number").into()),
        // It waits no more: it has become a replica itself, say. That is no refusal of the writes, which it has done.
        Err(error) if is_refusal(&error) => Err((ErrorKind::Client, UNCONFIRMED).into()),
        Err(error) => Err(error),
    }
}

/// Tells whether a server has answered the error, and not that its user lacks a right.
fn is_refusal(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) && error.code() != Some("NOPERM")
}

const UNCONFIRMED: &str = "fewer replicas than session_redis_wait_replicas have confirmed the write in time";

/// Tells whether an error is that of a write which too few replicas have: perhaps its server is cut off, and another one
/// has taken its place.
pub(super) fn is_unconfirmed(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Client && error.to_string().starts_with(UNCONFIRMED)
}

const UNSENT: &str =
    "the write was not sent: those before it were not answered, or waited for replicas for too long";

fn unsent() -> RedisError {
    (ErrorKind::Client, UNSENT).into()
}

/// Tells whether an error is that of a write that was never sent.
pub(super) fn is_unsent(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Client && error.to_string().starts_with(UNSENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn replicas_have_at_least_half_of_the_time() {
        for (left, time) in [(0, 1), (1, 1), (100, 50), (144, 72), (300, 150), (1_000, 800), (10_000, 9_000)]
        {
            let deadline = Instant::now() + Duration::from_millis(left);
            assert_eq!(time_for_replicas(deadline), Duration::from_millis(time), "{left} ms");
        }
    }
}
