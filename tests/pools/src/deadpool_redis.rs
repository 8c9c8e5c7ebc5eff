//! Sessions in a pool of deadpool-redis.

use deadpool_redis::Pool;
use deadpool_redis::redis::{self, Cmd, Value};
use rocket_session_state::store::{Call, RedisCommands, RedisReply, StoreError};

/// A pool of Redis or Valkey.
pub struct DeadpoolRedis(pub Pool);

impl RedisCommands for DeadpoolRedis {
    async fn send(&self, _: Call, commands: &[Vec<&[u8]>]) -> Result<Vec<RedisReply>, StoreError> {
        let no_connection = |error| StoreError::unavailable(error).before_writing();
        let mut connection = self.0.get().await.map_err(no_connection)?;
        let mut pipeline = redis::pipe();
        for command in commands {
            let mut sent = Cmd::new();
            command.iter().for_each(|argument| {
                sent.arg(*argument);
            });
            pipeline.add_command(sent);
        }
        let values = pipeline.ignore_errors().query_async::<Vec<Value>>(&mut connection).await;
        Ok(values.map_err(StoreError::unavailable)?.into_iter().map(reply).collect())
    }
}

fn reply(value: Value) -> RedisReply {
    match value {
        Value::Nil => RedisReply::Nil,
        Value::Int(integer) => RedisReply::Integer(integer),
        Value::BulkString(bytes) => RedisReply::Bytes(bytes),
        Value::Array(values) => RedisReply::List(values.into_iter().map(reply).collect()),
        Value::ServerError(error) => {
            RedisReply::Error(format!("{} {}", error.code(), error.details().unwrap_or_default()))
        }
        _ => RedisReply::Other,
    }
}
