//! The way to a server that is not always the same one.

mod refusal;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::time::{Instant, sleep, timeout_at};

use self::refusal::Refusal;
use super::failed::Failed;
use super::link::{Link, Ready};
use super::pipeline::{Asking, Message};
use super::redis_error::too_late;
use super::wait::is_unconfirmed;
use crate::store::Call;

/// One server of several.
pub(super) struct Node {
    /// Its address, for people.
    pub(super) name: Arc<str>,
    pub(super) link: Link,
}

impl Node {
    /// Asks the server itself something, for so long at the most.
    pub(super) async fn ask<M: Message>(&self, message: M, patience: Duration) -> RedisResult<M::Answer> {
        let deadline = Instant::now() + patience;
        let call = Call { now: SystemTime::UNIX_EPOCH, deadline };
        let answer = timeout_at(deadline, async { self.link.ready(call).await?.send(message).await });
        answer.await.unwrap_or_else(|_| Err(too_late()))
    }
}

/// Knows which server has a key.
pub(super) trait Routes: Sync {
    /// Returns the server that has the key, as far as is known.
    fn of(&self, key: &str) -> Option<Arc<Node>>;

    /// Returns the server at the address that `from` has named.
    fn named(&self, from: &Node, address: &str) -> Option<Arc<Node>>;

    /// Asks, in a task, who has what. Asked for often, it is done now and then.
    fn look(&self);

    /// The same, since this server did not work.
    fn doubt(&self, node: &Node);

    /// Returns why no server is known.
    fn trouble(&self) -> Option<RedisError>;
}

/// What has certainly not happened is tried again after such a pause: at first, and later.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(100));
/// How often it is asked who has what while a server lets wait for a connection.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);
/// So many servers in a row may name another one before there is a pause: they do not agree yet.
const REDIRECTS: u32 = 5;

/// Sends a message to the server that has the key, and waits for its answer.
///
/// What has certainly not happened is repeated until the call's deadline, also for writes: when another server is
/// named, when the server refused before it ran anything, and when there was no connection. What may have happened is not.
pub(super) async fn send<M: Message>(
    routes: &impl Routes,
    call: Call,
    key: &str,
    message: M,
) -> Result<M::Answer, Failed> {
    let mut named = None;
    let mut redirects = 0;
    let mut tries = Tries::until(call.deadline);
    loop {
        let (node, is_asking) = match named.take() {
            Some(named) => named,
            None => match routes.of(key) {
                Some(node) => (node, false),
                None => (until_known(routes, call, || routes.of(key)).await?, false),
            },
        };
        let ready = tokio::select! {
            biased;
            ready = node.link.ready_for(call, &message) => ready,
            () = moved(routes, key) => continue,
        };
        let error = match ready {
            Ok(ready) => match attended(routes, call, &node, ready, is_asking, message.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            },
            // A wrong password is as wrong after a pause.
            Err(error) if error.kind() == ErrorKind::AuthenticationFailed => {
                return Err(Failed::before(error).at(&node));
            }
            Err(error) => {
                routes.doubt(&node);
                tries.pause(Failed::before(error).at(&node)).await?;
                continue;
            }
        };
        match Refusal::of(&error) {
            Some(Refusal::Moved(address)) => {
                routes.look();
                named = routes.named(&node, address).map(|node| (node, false));
            }
            Some(Refusal::Ask(address)) => named = routes.named(&node, address).map(|node| (node, true)),
            Some(Refusal::NotNow) => routes.doubt(&node),
            None => {
                if error.is_unrecoverable_error() || is_unconfirmed(&error) {
                    routes.doubt(&node);
                }
                return Err(Failed::after(error).at(&node));
            }
        }
        redirects += 1;
        if named.is_none() || redirects % REDIRECTS == 0 {
            tries.pause(Failed::in_vain(error).at(&node)).await?;
        }
    }
}

/// Waits until something is known about the servers.
pub(super) async fn until_known<T>(
    routes: &impl Routes,
    call: Call,
    known: impl Fn() -> Option<T>,
) -> Result<T, Failed> {
    let mut tries = Tries::until(call.deadline);
    loop {
        if let Some(known) = known() {
            return Ok(known);
        }
        routes.look();
        tries.pause(Failed::in_vain(routes.trouble().unwrap_or_else(nobody))).await?;
    }
}

/// Sends it on a connection. A server that lets a caller wait in vain is doubted.
async fn attended<M: Message>(
    routes: &impl Routes,
    call: Call,
    node: &Node,
    ready: Ready<'_>,
    is_asking: bool,
    message: M,
) -> Result<M::Answer, RedisError> {
    let mut doubt = Doubt { routes, node, call, is_answered: false };
    let answer = if is_asking { ready.send(Asking(message)).await } else { ready.send(message).await };
    doubt.is_answered = true;
    answer
}

/// Doubts a server if its call is given up at the deadline.
struct Doubt<'a, R: Routes> {
    routes: &'a R,
    node: &'a Node,
    call: Call,
    is_answered: bool,
}

impl<R: Routes> Drop for Doubt<'_, R> {
    fn drop(&mut self) {
        if !self.is_answered && Instant::now() >= self.call.deadline {
            self.routes.doubt(self.node);
        }
    }
}

/// Returns when another server has the key, for which it asks.
async fn moved(routes: &impl Routes, key: &str) {
    let before = routes.of(key);
    loop {
        sleep(LOOK_EVERY).await;
        routes.look();
        let now = routes.of(key);
        if now.as_ref().map(|node| &node.name) != before.as_ref().map(|node| &node.name) {
            return;
        }
    }
}

/// The tries of one call.
struct Tries {
    deadline: Instant,
    pause: Duration,
}

impl Tries {
    fn until(deadline: Instant) -> Self {
        Tries { deadline, pause: PAUSES.0 }
    }

    /// Waits until it may be tried again. If the call has no time left for that, it has failed.
    async fn pause(&mut self, failed: Failed) -> Result<(), Failed> {
        if Instant::now() + self.pause * 2 >= self.deadline {
            return Err(failed);
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 3 / 2).min(PAUSES.1);
        Ok(())
    }
}

fn nobody() -> RedisError {
    io::Error::other("no server is known that has the key").into()
}
