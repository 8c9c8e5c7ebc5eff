//! Writes that are answered once replicas have them.

use std::io;
use std::mem::{replace, take};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{ErrorKind, RedisError, RedisResult, Value, cmd};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::pipeline::{Answers, Group, Message, after_others};
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
    waiting: Vec<Pending>,
    /// A task sends batches until nothing waits.
    is_served: bool,
}

/// A message in a batch, and the way back for its answers.
struct Pending {
    group: Group,
    deadline: Instant,
    answer: oneshot::Sender<RedisResult<Answered>>,
}

/// The answers to a message.
struct Answered {
    answers: Answers,
    /// The way to say that it has written: then replicas are waited for. Dropped, it says that it has not.
    written: mpsc::Sender<()>,
    /// The way to learn what replicas have.
    confirmed: watch::Receiver<Option<RedisResult<()>>>,
}

impl ConfirmedWrites {
    /// Sends a message, and waits for its answer and, if it has written, until as many replicas have that as the message wants.
    /// If they are too few until the deadline, that is an error of a write that has happened.
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
        let (answer, answered) = oneshot::channel();
        let pending = Pending { group: message.group(form), deadline, answer };
        self.enqueue(pending, connection, message.replicas());
        let Answered { answers, written, mut confirmed } =
            answered.await.unwrap_or_else(|_| Err(broken()))?;
        let answer = message.answer(answers)?;
        if M::has_written(&answer) {
            // One word is enough for all of a batch.
            let _ = written.try_send(());
            let confirmed = confirmed.wait_for(Option::is_some).await.map_err(|_| too_late())?;
            if let Some(Err(error)) = &*confirmed {
                return Err(error.clone());
            }
        }
        Ok(answer)
    }

    /// Tells whether an answer may be long in coming, since replicas are waited for.
    pub(super) fn is_under_way(&self) -> bool {
        self.queue().is_served
    }

    /// Tells whether the server has stopped to answer.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.load(Relaxed)
    }

    fn enqueue<C>(self: &Arc<Self>, pending: Pending, connection: &C, replicas: u32)
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        {
            let mut queue = self.queue();
            queue.waiting.push(pending);
            if replace(&mut queue.is_served, true) {
                return;
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
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to serve the queue. If it is dropped while something waits, since the runtime of its task ends or the server is
/// silent, the callers learn it at once.
struct Serving(Option<Arc<ConfirmedWrites>>);

impl Serving {
    /// Takes the next batch. If there is none, the duty is done.
    fn next(&mut self) -> Option<Vec<Pending>> {
        let writes = self.0.as_ref()?;
        let mut queue = writes.queue();
        let batch = take(&mut queue.waiting);
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
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(writes) = &self.0 {
            *writes.queue() = Queue::default();
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
    let (mut taken, mut answers) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    let mut latest = None;
    for Pending { group, deadline, answer } in batch {
        if !answer.is_closed() {
            taken.push(group.add_to(&mut pipeline));
            answers.push(answer);
            latest = latest.max(Some(deadline));
        }
    }
    let Some(latest) = latest else { return true };
    let mut connection = connection.clone();
    let all = async {
        // Each has its own answer, also where another one's is an error.
        let values = pipeline.ignore_errors().query_async::<Vec<Value>>(&mut connection).await;
        let mut values = values.map(Vec::into_iter);
        let (told, confirmed) = watch::channel(None);
        let (written, mut has_written) = mpsc::channel(1);
        for (answer, taken) in answers.into_iter().zip(taken) {
            let answers =
                values.as_mut().map_err(|error| error.clone()).and_then(|values| taken.from(values));
            let (written, confirmed) = (written.clone(), confirmed.clone());
            // That it can't be handed out means that nobody waits for it any more.
            let _ = answer.send(answers.map(|answers| Answered { answers, written, confirmed }));
        }
        drop(written);
        if has_written.recv().await.is_some() {
            let wait = cmd("WAIT").arg(replicas).arg(milliseconds(latest)).take();
            let count = connection.req_packed_command(&wait).await.and_then(Value::extract_error);
            told.send_replace(Some(enough(count, replicas)));
        }
    };
    timeout_at(latest, all).await.is_ok()
}

/// Returns how long replicas are waited for: the answer is to arrive before the deadline.
fn milliseconds(deadline: Instant) -> u128 {
    let left = deadline.saturating_duration_since(Instant::now());
    // Zero would be without an end.
    left.saturating_sub(MARGIN.max(left / 10)).max(Duration::from_millis(1)).as_millis()
}

/// The least time for the answer: the server looks ten times a second for those who have waited for long enough.
const MARGIN: Duration = Duration::from_millis(150);

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

fn too_late() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

fn broken() -> RedisError {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}
