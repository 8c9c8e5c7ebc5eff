//! Whether a server is one for sessions.

use redis::{FromRedisValue, Value, cmd};

use super::connection::Server;
use super::redis_error::IN_CLUSTER;
use super::swap::SwapScript;
use crate::store::{Call, StoreError};

const IS_SENTINEL: &str =
    "the server is a sentinel; write \"redis+sentinel://host:26379,host:26379/master-name/0\"";

/// Asks whether a server stands where it is thought to, works, and knows all commands, and loads the script.
///
/// Servers that hide INFO, CLUSTER or COMMAND answer an error: they get the benefit of the doubt.
pub(super) async fn is_ready(server: &Server<'_>, call: Call, script: &SwapScript) -> Result<(), StoreError> {
    let info = server.send(call, cmd("INFO")).await.ok();
    let info = info.and_then(|info| String::from_redis_value(info).ok()).unwrap_or_default();
    if says(&info, "redis_mode:sentinel") {
        return Err(StoreError::misconfigured(IS_SENTINEL));
    }
    if says(&info, "cluster_enabled:1") {
        if server.has_all_keys() {
            return Err(StoreError::misconfigured(IN_CLUSTER.trim_start_matches(": ")));
        }
        // A node of a cluster that is down answers commands without a key all the same.
        let state = server.send(call, cmd("CLUSTER").arg("INFO").take()).await.ok();
        let state = state.and_then(|state| String::from_redis_value(state).ok()).unwrap_or_default();
        if says(&state, "cluster_state:fail") {
            return Err(StoreError::unavailable("the cluster is down: it has not got all its masters"));
        }
    }
    if !script.load(server, call).await? {
        return Err(StoreError::invalid_response("the script's SHA-1"));
    }
    match server.send(call, cmd("COMMAND").arg("INFO").arg("GETEX").take()).await {
        Ok(Value::Array(commands)) if commands == [Value::Nil] => {
            Err(StoreError::refused("the server does not know GETEX; Redis 6.2 or newer is needed"))
        }
        _ => Ok(()),
    }
}

fn says(info: &str, fact: &str) -> bool {
    info.lines().any(|line| line.trim_end() == fact)
}
