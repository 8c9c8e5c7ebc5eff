//! Commands of many requests, sent as one message.

use std::future::{Future, poll_fn};
use std::io;
use std::mem::{replace, take};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use redis::aio::ConnectionLike;
use redis::{Arg, Cmd, RedisResult, Value};
use tokio::sync::oneshot;

#[cfg(test)]
mod tests;

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

/// Longer commands are sent alone, in bytes: they gain little, and copying them together takes much memory at once.
/// The answers to a batch are handed out together, however long they are.
const LONG: usize = 8 * 1024;

/// A command in a batch, and the way back for its answer.
struct Pending {
    command: Cmd,
    answer: oneshot::Sender<RedisResult<Value>>,
}

/// Commands that travel together and are answered together.
pub(super) trait Message: Send {
    type Answer: Send;

    /// Sends the message and waits for its answer; an error that the server answers is an `Err`.
    fn send<C>(
        self,
        pipeline: &Arc<Pipeline>,
        connection: &C,
    ) -> impl Future<Output = RedisResult<Self::Answer>> + Send
    where
        C: ConnectionLike + Clone + Send + Sync + 'static;
}

impl Message for Cmd {
    type Answer = Value;

    async fn send<C>(self, pipeline: &Arc<Pipeline>, connection: &C) -> RedisResult<Value>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        pipeline.send(connection, self).await
    }
}

/// Short ones. The server may do something else between the two.
impl Message for [Cmd; 2] {
    type Answer = [Value; 2];

    async fn send<C>(self, pipeline: &Arc<Pipeline>, connection: &C) -> RedisResult<[Value; 2]>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let [first, second] = pipeline.send_both(connection, self).await;
        Ok([first?, second?])
    }
}

/// A short command, and one that is sent with it and whose error is not the message's.
pub(super) struct Beside {
    pub(super) command: Cmd,
    pub(super) other: Cmd,
}

impl Message for Beside {
    type Answer = (Value, RedisResult<Value>);

    async fn send<C>(self, pipeline: &Arc<Pipeline>, connection: &C) -> RedisResult<Self::Answer>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let [answer, other] = pipeline.send_both(connection, [self.command, self.other]).await;
        Ok((answer?, other))
    }
}

impl Pipeline {
    /// Sends a command and waits for its answer; an error that the server answers is an `Err`. The command of a caller
    /// that gives up before its batch is sent is left out of it.
    async fn send<C>(self: &Arc<Self>, connection: &C, command: Cmd) -> RedisResult<Value>
    where
        C: ConnectionLike + Clone + Send + 'static,
    {
        let alone = self.under_way.fetch_add(1, Relaxed) == 0;
        let _under_way = UnderWay(&self.under_way);
        if alone || is_long(&command) {
            return connection.clone().req_packed_command(&command).await?.extract_error();
        }
        let (command, answer) = pending(command);
        self.enqueue([command], connection);
        answered(answer).await
    }

    /// Sends two short commands in one message and waits for both answers. The server may do something else between
    /// the two.
    async fn send_both<C>(self: &Arc<Self>, connection: &C, commands: [Cmd; 2]) -> [RedisResult<Value>; 2]
    where
        C: ConnectionLike + Clone + Send + 'static,
    {
        let alone = self.under_way.fetch_add(1, Relaxed) == 0;
        let _under_way = UnderWay(&self.under_way);
        if alone {
            let mut pipeline = redis::Pipeline::with_capacity(2);
            for command in commands {
                pipeline.add_command(command);
            }
            let mut connection = connection.clone();
            return match pipeline.ignore_errors().query_async::<[Value; 2]>(&mut connection).await {
                Ok(answers) => answers.map(Value::extract_error),
                Err(error) => [Err(error.clone()), Err(error)],
            };
        }
        let [(first, first_answer), (second, second_answer)] = commands.map(pending);
        self.enqueue([first, second], connection);
        [answered(first_answer).await, answered(second_answer).await]
    }

    /// Adds commands to the next batch. The first ones in it see to it that it is sent.
    fn enqueue<C, const N: usize>(self: &Arc<Self>, commands: [Pending; N], connection: &C)
    where
        C: ConnectionLike + Clone + Send + 'static,
    {
        {
            let mut waiting = self.waiting();
            waiting.extend(commands);
            if waiting.len() > N {
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

fn pending(command: Cmd) -> (Pending, oneshot::Receiver<RedisResult<Value>>) {
    let (answer, answered) = oneshot::channel();
    (Pending { command, answer }, answered)
}

async fn answered(answer: oneshot::Receiver<RedisResult<Value>>) -> RedisResult<Value> {
    let answer = answer.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::BrokenPipe).into()));
    answer.and_then(Value::extract_error)
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
async fn after_others() {
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
    let (mut pipeline, mut answers) =
        (redis::Pipeline::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for Pending { command, answer } in batch {
        if !answer.is_closed() {
            pipeline.add_command(command);
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
            for (answer, value) in answers.into_iter().zip(values) {
                let _ = answer.send(Ok(value));
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

async fn all_closed(answers: &mut [oneshot::Sender<RedisResult<Value>>]) {
    for answer in answers {
        answer.closed().await;
    }
}

fn is_long(command: &Cmd) -> bool {
    let length = |arg: Arg<&[u8]>| if let Arg::Simple(bytes) = arg { bytes.len() } else { 0 };
    command.args_iter().map(length).sum::<usize>() > LONG
}

/// Counts a command for as long as somebody waits for it.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
