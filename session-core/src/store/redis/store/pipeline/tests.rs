//! Counts messages. A server can't tell: it may find several in one read.
#![allow(clippy::unwrap_used, reason = "a panic in here is a failed test, which is what it is for")]

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use redis::aio::ConnectionLike;
use redis::{Cmd, RedisFuture, Value, cmd};
use tokio::task::yield_now;

use super::message::LONG;
use super::{Asking, Pipeline};
use crate::store::redis::store::swap_form::SwapForm;

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
        _: &'a redis::Pipeline,
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
    let (pipeline, wire) = (Arc::new(Pipeline::default()), Wire::default());
    let send = |&length: &usize| {
        let (pipeline, wire) = (Arc::clone(&pipeline), wire.clone());
        let command = cmd("SET").arg("k").arg("x".repeat(length)).take();
        tokio::spawn(async move { pipeline.send(&wire, SwapForm::Script, command).await })
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
async fn two_commands_that_belong_together_are_one_message_alone_and_among_others() {
    let (pipeline, wire) = (Arc::new(Pipeline::default()), Wire::default());
    let both = || {
        let (pipeline, wire) = (Arc::clone(&pipeline), wire.clone());
        tokio::spawn(async move { pipeline.send(&wire, SwapForm::Script, [cmd("PTTL"), cmd("GET")]).await })
    };
    let answers = [both(), both(), both()];
    for answer in answers {
        assert_eq!(answer.await.unwrap().unwrap(), [Value::Nil, Value::Nil]);
    }
    assert_eq!(*wire.messages.lock().unwrap(), [2, 4]);
}

#[tokio::test]
async fn each_command_of_a_message_that_asks_has_its_own_asking_before_it() {
    let (pipeline, wire) = (Arc::new(Pipeline::default()), Wire::default());
    let asked = pipeline.send(&wire, SwapForm::Script, Asking([cmd("PTTL"), cmd("GET")])).await.unwrap();
    assert_eq!((asked, wire.messages.lock().unwrap().as_slice()), ([Value::Nil, Value::Nil], [4].as_slice()));
}

#[tokio::test]
async fn a_long_command_is_a_message_of_its_own() {
    assert_eq!(messages(&[1, 1, LONG, 1]).await, [1, 1, 2]);
}

/// A store that two runtimes use, and one of them ends at the worst moment.
#[test]
fn a_batch_whose_runtime_ends_before_it_leaves_fails_and_does_not_hold_up_the_next_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (pipeline, wire) = (Arc::new(Pipeline::default()), Wire::default());
    let get = || cmd("GET").arg("k").take();
    let first = runtime();
    let (mut alone, mut stranded) = (
        Box::pin(pipeline.send(&wire, SwapForm::Script, get())),
        Box::pin(pipeline.send(&wire, SwapForm::Script, get())),
    );
    first.block_on(poll_fn(|task| {
        assert!(alone.as_mut().poll(task).is_pending() && stranded.as_mut().poll(task).is_pending());
        Poll::Ready(())
    }));
    drop((first, alone));
    let second = runtime();
    assert!(second.block_on(stranded).unwrap_err().is_io_error());
    second.block_on(async {
        let (alone, batched) = tokio::join!(
            pipeline.send(&wire, SwapForm::Script, get()),
            pipeline.send(&wire, SwapForm::Script, get())
        );
        assert_eq!((alone.unwrap(), batched.unwrap()), (Value::Nil, Value::Nil));
    });
}
