//! Commands of many requests, sent as one message.

mod message;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::mem::{replace, take};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use redis::aio::ConnectionLike;
use redis::{RedisResult, Value};
use tokio::sync::oneshot;

pub(super) use self::message::{Answers, Asking, Beside, Group, HasWritten, Message, Reads};
use super::redis_error::broken;
use super::swap_form::SwapForm;

/// The commands of one connection, many of them in one message when many requests are served at once: for
/// each message the kernels of both sides work and the server wakes up, whatever it holds.
///
/// A command that comes while none is under way is sent at once. One that comes later waits until the tasks that
/// are ready on its thread have had a turn, and is sent with those that came meanwhile. With Nagle's algorithm,
/// which does this in the kernel, it would wait for the answer to somebody else's command.
#[derive(Default)]
pub(super) struct Pipeline {
    under_way: AtomicUsize,
    waiting: Mutex<Vec<Pending>>,
}

/// A message in a batch, and the way back for its answers.
struct Pending {
    group: Group,
    answer: oneshot::Sender<RedisResult<Answers>>,
}

impl Pipeline {
    /// Sends a message and waits for its answer; an error that the server answers is an `Err`. The message of a caller
    /// that gives up before its batch is sent is left out of it.
    pub(super) async fn send<C, M: Message>(
        self: &Arc<Self>,
        connection: &C,
        form: SwapForm,
        mut message: M,
    ) -> RedisResult<M::Answer>
    where
        C: ConnectionLike + Clone + Send + 'static,
    {
        let alone = self.under_way.fetch_add(1, Relaxed) == 0;
        let _under_way = UnderWay(&self.under_way);
        let group = message.group(form);
        let answers = if alone || group.is_long() {
            send_alone(connection.clone(), group).await?
        } else {
            let (answer, answered) = oneshot::channel();
            self.enqueue(Pending { group, answer }, connection);
            answered.await.unwrap_or_else(|_| Err(broken()))?
        };
        message.answer(answers)
    }

    /// Adds a message to the next batch. The first one in it sees to it that it is sent.
    fn enqueue<C>(self: &Arc<Self>, pending: Pending, connection: &C)
    where
        C: ConnectionLike + Clone + Send + 'static,
    {
        {
            let mut waiting = self.waiting();
            waiting.push(pending);
            if waiting.len() > 1 {
                return;
            }
        }
        let (mut flush, mut connection) = (Flush(Some(Arc::clone(self))), connection.clone());
        // A task of its own, since whoever came first may leave before the others have their answers.
        tokio::spawn(async move {
            after_others().await;
            deliver(&mut connection, flush.take()).await;
        });
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send_alone(mut connection: impl ConnectionLike, group: Group) -> RedisResult<Answers> {
    if let Some(command) = group.single() {
        return Ok(Answers { first: connection.req_packed_command(command).await?, second: None });
    }
    let mut pipeline = redis::Pipeline::with_capacity(4);
    let taken = group.add_to(&mut pipeline);
    let values = pipeline.ignore_errors().query_async::<Vec<Value>>(&mut connection).await?;
    taken.from(&mut values.into_iter())
}

/// The duty to send a batch. If it is dropped before, since the runtime of its task ends, the callers in the batch
/// learn it at once, and the next batch does not wait for it.
struct Flush(Option<Arc<Pipeline>>);

impl Flush {
    /// Takes the queued commands; empty on a second call, also if others were queued since.
    fn take(&mut self) -> Vec<Pending> {
        self.0.take().map(|pipeline| take(&mut *pipeline.waiting())).unwrap_or_default()
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// Lets the tasks that are ready run first. A task that waits in Tokio's `yield_now` stays with its thread, which a
/// handler may keep busy for long; this one is taken over by another thread.
pub(super) async fn after_others() {
    let mut waited = false;
    poll_fn(|task| {
        if replace(&mut waited, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Sends a batch and hands out the answers, unless everybody gives up before.
async fn deliver(connection: &mut impl ConnectionLike, batch: Vec<Pending>) {
    let mut pipeline = redis::Pipeline::with_capacity(batch.len() * 2);
    let (mut taken, mut answers) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for Pending { group, answer } in batch {
        if !answer.is_closed() {
            taken.push(group.add_to(&mut pipeline));
            answers.push(answer);
        }
    }
    if answers.is_empty() {
        return;
    }
    // Each has its own answer, also where another one's is an error.
    let sent = pipeline.ignore_errors().query_async::<Vec<Value>>(connection);
    let values = tokio::select! {
        values = sent => values,
        () = all_closed(&mut answers) => return,
    };
    // That an answer can't be handed out means that nobody waits for it any more.
    match values {
        Ok(values) => {
            let mut values = values.into_iter();
            for (answer, taken) in answers.into_iter().zip(taken) {
                let _ = answer.send(taken.from(&mut values));
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

async fn all_closed(answers: &mut [oneshot::Sender<RedisResult<Answers>>]) {
    for answer in answers {
        answer.closed().await;
    }
}

/// Counts a command for as long as somebody waits for it.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
