//! Listening to what sentinels tell of their masters.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use redis::{Client, RedisResult, Value};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::search::Search;
use crate::store::client::wait::backoff;
use crate::store::redis::store::link;
use crate::store::redis::store::redis_error::broken;

/// The steps of a failover from which on the new master is named, the earliest first. Only the sentinel that leads a failover
/// tells the first two, and several seconds before the last; so all have to be listened to.
const STEPS: [&str; 4] =
    ["+promoted-slave", "+failover-state-reconf-slaves", "+config-update-from", "+switch-master"];

/// The time of a sentinel for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a sentinel is asked for a sign of life.
const LOOKED_AFTER: Duration = Duration::from_secs(5);
/// The longest pause before the connection is opened again: at first, and after many failures.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Listens to one sentinel, for as long as the search lasts.
pub(super) async fn listen(sentinel: Client, search: Arc<Search>) {
    let mut failures = 0;
    loop {
        let began = Instant::now();
        // What it is that fails, the search meets too.
        let _ = listen_once(&sentinel, &search).await;
        failures = if began.elapsed() > LOOKED_AFTER { 0 } else { failures + 1 };
        sleep(backoff(PAUSES, failures)).await;
    }
}

/// Listens on one connection for as long as it lasts.
async fn listen_once(sentinel: &Client, search: &Search) -> RedisResult<()> {
    let (mut sink, mut messages) = in_time(link::open_for_channels(sentinel)).await?.split();
    in_time(sink.subscribe(&STEPS[..])).await?;
    // It may have told something before.
    search.told();
    let mut look_after = Instant::now() + LOOKED_AFTER;
    loop {
        tokio::select! {
            message = messages.next() => {
                let message = message.ok_or_else(broken)?;
                if message.get_payload::<String>().is_ok_and(|step| search.concerns(&step)) {
                    search.told();
                }
            }
            () = sleep_until(look_after) => {
                in_time(sink.ping::<Value>()).await?;
                look_after = Instant::now() + LOOKED_AFTER;
            }
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(broken()))
}
