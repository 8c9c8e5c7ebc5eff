//! How many messages there are. A server can't tell: it may find several in one read.
#![allow(clippy::unwrap_used, reason = "a panic in here is a failed test, which is what it is for")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value, cmd};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::{Batches, LONG};

/// Notes how many commands each message has, and answers when all tasks have run some times.
#[derive(Clone, Default)]
struct Wire {
    messages: Arc<Mutex<Vec<usize>>>,
}

impl Wire {
    async fn answer(&self, commands: usize) {
        self.messages.lock().unwrap().push(commands);
        for _ in 0..10 {
            yield_now().await;
        }
    }
}

impl ConnectionLike for Wire {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async {
            self.answer(1).await;
            Ok(Value::Nil)
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            self.answer(count).await;
            Ok(vec![Value::Nil; count])
        })
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// The messages for commands with arguments of these lengths that many tasks send at the same time.
async fn messages(lengths: &[usize]) -> Vec<usize> {
    let (batches, wire) = (Arc::new(Batches::default()), Wire::default());
    let send = |&length: &usize| {
        let (batches, wire) = (Arc::clone(&batches), wire.clone());
        let command = cmd("SET").arg("k").arg("x".repeat(length)).take();
        let deadline = Instant::now() + Duration::from_secs(1);
        tokio::spawn(async move { batches.send(&wire, command, deadline).await })
    };
    for answer in lengths.iter().map(send).collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap().unwrap(), Value::Nil);
    }
    let messages = wire.messages.lock().unwrap();
    messages.clone()
}

#[tokio::test]
async fn what_comes_while_a_command_is_under_way_is_one_message() {
    assert_eq!(messages(&[1; 20]).await, [1, 19]);
}

#[tokio::test]
async fn a_long_command_is_a_message_of_its_own() {
    assert_eq!(messages(&[1, 1, LONG, 1]).await, [1, 1, 2]);
}
