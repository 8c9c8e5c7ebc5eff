//! What the launch tries: that the store does what requests will ask of it.

use std::collections::HashSet;
use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::StoreClient;
use super::wait::with_deadline;
use crate::Chain;
use crate::store::{Call, Loaded, New, OpenTo, StoreError, Swap};

/// The life of the record that is tried, should a process end in the middle.
const LIFETIME: Duration = Duration::from_secs(60);

/// Two records that differ. To every reader they are empty sessions.
const RECORDS: [&[u8]; 2] = [b"{}", b"{ }"];

/// So many keys are looked at for one that lies in a part of the store which was not tried yet.
const LOOKED_AT: usize = 1000;

impl StoreClient {
    /// Pings the store, and does with a key, which no session has, what requests do with theirs; where the store has parts
    /// that fail on their own, with a key in each. A right that is missing shows here and not at the first log-in. A part that is away is a line in the log, unless
    /// all are. The errors have no address but that of a part: the launch's message names it.
    ///
    /// That everybody may write in the store is an error, or a warning if `is_lenient`.
    pub(crate) async fn try_out(
        &self,
        now: SystemTime,
        mut keys: impl FnMut() -> Result<String, StoreError>,
        is_lenient: bool,
    ) -> Result<(), StoreError> {
        let store = self.store.boxed();
        self.in_time(now, |call| store.ping(call)).await?;
        let mut key = keys()?;
        let (mut tried, mut works, mut away) = (HashSet::new(), false, Vec::new());
        for _ in 0..LOOKED_AT {
            let part = store.part_of(&key);
            let is_whole = part.is_none();
            if tried.insert(part.clone()) {
                match self.try_key(now, &key).await.map_err(|error| error.at_part(part.as_ref())) {
                    Ok(()) => works = true,
                    Err(error) if error.is_outage() && part.is_some() => away.push(error),
                    Err(error) => return Err(error),
                }
            }
            if is_whole {
                break;
            }
            key = keys()?;
        }
        // What fails on its own keeps nobody from serving the sessions that are elsewhere.
        match away.into_iter().next() {
            Some(error) if works => log::error!("a part of the session store is away: {}", Chain(&error)),
            Some(error) => return Err(error),
            None => {}
        }
        match store.open_to_others() {
            None => {}
            Some(OpenTo::Others(who)) => log::warn!("{who}"),
            Some(OpenTo::Everybody(who)) if is_lenient => {
                log::warn!("outside the debug profile sessions would not be served: {who}");
            }
            Some(OpenTo::Everybody(who)) => return Err(StoreError::misconfigured(who)),
        }
        Ok(())
    }

    async fn try_key(&self, now: SystemTime, key: &str) -> Result<(), StoreError> {
        let store = self.store.boxed();
        let [first, second] = RECORDS;
        let (first, second) =
            (New { bytes: first, lifetime: Some(LIFETIME) }, New { bytes: second, lifetime: None });

        let create = self.in_time(now, |call| store.swap(call, key, None, Some(first))).await;
        is_done(create).map_err(|error| error.at_step("to create a record", key))?;
        let load = self.in_time(now, |call| store.load(call, key, None)).await;
        load.map_err(|error| error.at_step("to load the record", key))?;
        let load = self.in_time(now, |call| store.load(call, key, Some(LIFETIME))).await;
        let is_first = |loaded: &Loaded| &*loaded.bytes == first.bytes;
        let loaded = load
            .and_then(|loaded| loaded.filter(is_first).ok_or_else(unexpected))
            .map_err(|error| error.at_step("to load the record and extend its life", key))?;
        let replace = self.in_time(now, |call| store.swap(call, key, Some(&loaded), Some(second))).await;
        is_done(replace).map_err(|error| error.at_step("to replace the record", key))?;
        let delete = self.in_time(now, |call| store.delete(call, key)).await;
        delete
            .and_then(|existed| if existed { Ok(()) } else { Err(unexpected()) })
            .map_err(|error| error.at_step("to delete the record", key))
    }

    async fn in_time<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        now: SystemTime,
        ask: impl FnOnce(Call) -> F,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.call_timeout;
        with_deadline(deadline, ask(Call { now, deadline })).await
    }
}

fn is_done(swapped: Result<Swap, StoreError>) -> Result<(), StoreError> {
    match swapped? {
        Swap::Done { .. } => Ok(()),
        Swap::Conflict(_) => Err(unexpected()),
    }
}

/// Nobody else has the key, so the store has forgotten or mixed up what it acknowledged.
fn unexpected() -> StoreError {
    StoreError::invalid_response("the record that was written before")
}
