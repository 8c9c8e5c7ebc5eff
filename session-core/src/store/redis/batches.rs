//! Commands that travel together.

#[cfg(test)]
mod tests;

use std::io;
use std::mem::take;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::aio::ConnectionLike;
use redis::{Arg, Cmd, Pipeline, RedisResult, Value};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

/// The commands of one connection, many of them in one message when many requests are served at once: for
/// each message the kernels of both sides work and the server wakes up, whatever it holds.
///
/// A command that comes while none is under way is sent at once. One that comes later waits until every
/// task that is ready has run, which is no time for a server that has nothing else to do, and is sent with
/// those that came meanwhile. With Nagle's algorithm, which does this in the kernel, it would wait for the answer
/// to somebody else's command.
#[derive(Default)]
pub(super) struct Batches {
    under_way: AtomicUsize,
    next: Mutex<Vec<Passenger>>,
}

/// Longer commands travel alone: they would gain little, and make others wait for their answers.
const LONG: usize = 8 * 1024;

/// A command in a batch.
struct Passenger {
    command: Cmd,
    deadline: Instant,
    answer: oneshot::Sender<RedisResult<Value>>,
}

impl Batches {
    /// Sends a command and waits for its answer, which may be an error of the server. Who stops waiting
    /// before it is sent does not have it sent.
    pub(super) async fn send<C>(
        self: &Arc<Self>,
        connection: &C,
        command: Cmd,
        deadline: Instant,
    ) -> RedisResult<Value>
    where
        C: ConnectionLike + Clone + Send + 'static,
    {
        let mut connection = connection.clone();
        let alone = self.under_way.fetch_add(1, Relaxed) == 0;
        let _under_way = UnderWay(&self.under_way);
        if alone || is_long(&command) {
            return connection.req_packed_command(&command).await;
        }
        let (answer, answered) = oneshot::channel();
        if self.board(Passenger { command, deadline, answer }) {
            let batches = Arc::clone(self);
            // A task of its own, since whoever came first may leave before the others have their answers.
            tokio::spawn(async move {
                yield_now().await;
                let batch = take(&mut *batches.next());
                carry(&mut connection, batch).await;
            });
        }
        answered.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::BrokenPipe).into()))
    }

    /// Whether the passenger is the first of its batch.
    fn board(&self, passenger: Passenger) -> bool {
        let mut next = self.next();
        next.push(passenger);
        next.len() == 1
    }

    fn next(&self) -> MutexGuard<'_, Vec<Passenger>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a batch and hands out the answers, until the last passenger has given up.
async fn carry(connection: &mut impl ConnectionLike, batch: Vec<Passenger>) {
    let (mut pipeline, mut answers) = (Pipeline::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    let mut deadline = Instant::now();
    for passenger in batch.into_iter().filter(|passenger| !passenger.answer.is_closed()) {
        pipeline.add_command(passenger.command);
        deadline = deadline.max(passenger.deadline);
        answers.push(passenger.answer);
    }
    if answers.is_empty() {
        return;
    }
    // Each has its own answer, also where another one's is an error.
    let sent = pipeline.ignore_errors().query_async::<Vec<Value>>(connection);
    match timeout_at(deadline, sent).await {
        Ok(Ok(values)) => {
            for (answer, value) in answers.into_iter().zip(values) {
                // An error means that nobody waits for it any more.
                let _ = answer.send(Ok(value));
            }
        }
        Ok(Err(error)) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
        Err(_) => {}
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
