//! The application's own pool, by whatever driver.

use std::future::Future;
use std::pin::Pin;

use redis::{Arg, ErrorKind, RedisError, RedisResult, Value, parse_redis_value};

use super::commands::{RedisCommands, RedisReply};
use super::failed::Failed;
use super::pipeline::Message;
use super::swap_form::SwapForm;
use crate::store::{Call, StoreError};

/// What sends commands, without its type.
pub(super) struct Pool(Box<dyn Erased>);

/// [`RedisCommands`] with boxed futures.
trait Erased: Send + Sync {
    fn send<'a>(&'a self, call: Call, commands: &'a [Vec<&'a [u8]>]) -> Replies<'a>;

    fn address(&self) -> Option<String>;
}

type Replies<'a> = Pin<Box<dyn Future<Output = Result<Vec<RedisReply>, StoreError>> + Send + 'a>>;

impl<C: RedisCommands> Erased for C {
    fn send<'a>(&'a self, call: Call, commands: &'a [Vec<&'a [u8]>]) -> Replies<'a> {
        Box::pin(RedisCommands::send(self, call, commands))
    }

    fn address(&self) -> Option<String> {
        RedisCommands::address(self)
    }
}

impl Pool {
    pub(super) fn new(commands: impl RedisCommands) -> Self {
        Pool(Box::new(commands))
    }

    pub(super) async fn send<M: Message>(&self, call: Call, mut message: M) -> Result<M::Answer, Failed> {
        let mut pipeline = redis::Pipeline::with_capacity(2);
        // Each connection may lead to another server. So what it takes is not known.
        let taken = message.group(SwapForm::Script).add_to(&mut pipeline);
        let commands: Vec<Vec<&[u8]>> = pipeline
            .cmd_iter()
            .map(|command| {
                command
                    .args_iter()
                    .map(|arg| if let Arg::Simple(bytes) = arg { bytes } else { b"" })
                    .collect()
            })
            .collect();
        let replies = self.0.send(call, &commands).await.map_err(Failed::in_pool)?;
        if replies.len() != commands.len() {
            return Err(Failed::in_pool(StoreError::invalid_response("one reply to each command")));
        }
        let values: RedisResult<Vec<Value>> = replies.into_iter().map(value).collect();
        let answers = values.and_then(|values| taken.from(&mut values.into_iter()));
        answers.and_then(|answers| message.answer(answers)).map_err(Failed::after)
    }

    /// Returns the address, for people.
    pub(super) fn address(&self) -> String {
        self.0.address().unwrap_or_else(|| "Redis, a pool of the application's".into())
    }
}

/// Reads a reply.
fn value(reply: RedisReply) -> RedisResult<Value> {
    Ok(match reply {
        RedisReply::Nil => Value::Nil,
        RedisReply::Integer(integer) => Value::Int(integer),
        RedisReply::Bytes(bytes) => Value::BulkString(bytes),
        RedisReply::List(replies) => {
            Value::Array(replies.into_iter().map(value).collect::<RedisResult<_>>()?)
        }
        // As the client library reads it, so that its code means the same.
        RedisReply::Error(text) => {
            let line = text.lines().next().unwrap_or_default();
            match parse_redis_value(format!("-{line}\r\n").as_bytes())? {
                error @ Value::ServerError(_) => error,
                _ => {
                    return Err(RedisError::from((ErrorKind::UnexpectedReturnType, "an error without text")));
                }
            }
        }
        RedisReply::Other => Value::Okay,
    })
}
