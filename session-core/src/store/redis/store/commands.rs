//! Commands to Redis, by whatever sends them.

use std::fmt;
use std::future::Future;

use crate::store::{Call, StoreError};

/// What sends commands for a [`RedisStore`](super::RedisStore): an application's own pool or client, of any kind and version.
///
/// One call is all that it takes; implementations write `async fn`, and the future has to be `Send`. The guide's page "Your own
/// pool" has one for deadpool-redis.
///
/// A future may be dropped at any await: the caller keeps the deadline. The connection must not be handed out again while a
/// reply to a dropped command is on its way. Nothing is repeated here.
pub trait RedisCommands: Send + Sync + 'static {
    /// Sends commands, which are about one key, and returns the reply to each, in this order. Each is a list of arguments, of
    /// which the first is its name. A driver with pipelines sends them together, so that they are one round trip.
    ///
    /// # Errors
    ///
    /// * [`StoreError::unavailable`]: the connection broke, nobody knows whether something was done.
    /// * the same with [`before_writing`](StoreError::before_writing): there was no connection, so nothing was sent.
    ///
    /// An error that the server replies is none of these: it is a [`RedisReply::Error`].
    fn send(
        &self,
        call: Call,
        commands: &[Vec<&[u8]>],
    ) -> impl Future<Output = Result<Vec<RedisReply>, StoreError>> + Send;

    /// Returns the address of the server for people, without a login: `Redis at db.example`.
    ///
    /// It is part of the launch's messages. The default returns `None`.
    fn address(&self) -> Option<String> {
        None
    }
}

/// What a server replies to a command.
#[derive(Clone, PartialEq, Eq)]
pub enum RedisReply {
    /// There is nothing.
    Nil,
    /// A number.
    Integer(i64),
    /// A bulk string.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<RedisReply>),
    /// An error as the server has written it, its code first: `NOSCRIPT No matching script`.
    Error(String),
    /// A status such as `OK`, or whatever else there is; nothing of it is read.
    Other,
}

/// Shows no value: it may be a session's.
impl fmt::Debug for RedisReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RedisReply::Nil => "Nil",
            RedisReply::Integer(_) => "Integer(…)",
            RedisReply::Bytes(_) => "Bytes(…)",
            RedisReply::List(_) => "List(…)",
            RedisReply::Error(_) => "Error(…)",
            RedisReply::Other => "Other",
        })
    }
}
