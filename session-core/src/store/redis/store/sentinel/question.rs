//! What is asked of sentinels, and of the servers that they name.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use redis::{FromRedisValue, RedisError, RedisResult, Value, cmd};

use super::choice::{Place, Word};
use crate::Chain;
use crate::store::StoreError;
use crate::store::redis::store::pipeline::Beside;
use crate::store::redis::store::routing::Node;

/// The time for connecting and answering.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks a sentinel where the master is; `None` if it does not know this name.
///
/// During a failover only `GET-MASTER-ADDR-BY-NAME` names the new master, and only `MASTER` tells the epoch. They are one
/// message, in the middle of which a sentinel does nothing else.
pub(super) async fn where_is(sentinel: &Node, master: &str) -> RedisResult<Option<Word>> {
    let question = |command: &str| cmd("SENTINEL").arg(command).arg(master).take();
    let questions = Beside { command: question("GET-MASTER-ADDR-BY-NAME"), other: question("MASTER") };
    let (place, state) = sentinel.ask(questions, PATIENCE).await?;
    let Some((host, port)) = Option::from_redis_value(place)? else { return Ok(None) };
    // A sentinel may allow its user the first question only.
    let state = state.ok().and_then(|state| HashMap::<String, String>::from_redis_value(state).ok());
    let epoch = state.and_then(|state| state.get("config-epoch")?.parse().ok());
    Ok(Some(Word { place: Place { host, port }, epoch }))
}

/// Asks a server whether it is a master. If it does not allow that question, the sentinels are believed.
pub(super) async fn is_master(server: &Node) -> RedisResult<bool> {
    match server.ask(cmd("ROLE"), PATIENCE).await {
        Ok(Value::Array(role)) => Ok(role.first() == Some(&Value::BulkString(b"master".into()))),
        Err(error) if error.code() == Some("NOPERM") => Ok(true),
        Err(error) => Err(error),
        Ok(_) => Ok(false),
    }
}

/// Says what has happened, without what a server may have quoted.
pub(super) fn described(error: RedisError) -> String {
    let error = StoreError::of_driver(error);
    Chain(error.source().unwrap_or(&error)).to_string()
}
