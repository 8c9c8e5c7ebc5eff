//! The breakers of a store: one for each part that fails on its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::breaker::Breaker;
use super::outage::Outage;
use super::outage_listener::OutageListener;
use crate::store::{DynStore, Part};

/// Breakers of one store.
pub(super) struct Breakers {
    whole: Breaker,
    parts: Mutex<HashMap<Part, Breaker>>,
    make: Box<dyn Fn(Option<Part>) -> Breaker + Send + Sync>,
}

/// With so many parts, those are forgotten that work: servers come and go.
const PARTS: usize = 256;

impl Breakers {
    /// The arguments are those of [`Breaker::new`]; `listener` is told of outages.
    pub(super) fn new(
        name: &'static str,
        threshold: u32,
        store: DynStore,
        patience: Duration,
        listener: Option<Arc<dyn OutageListener>>,
    ) -> Self {
        let outage = Arc::new(Outage::told_to(listener));
        let make =
            move |part| Breaker::of_part(part, name, threshold, store.clone(), patience, Arc::clone(&outage));
        Breakers { whole: make(None), parts: Mutex::default(), make: Box::new(make) }
    }

    /// Returns the breaker of a store that has no parts.
    pub(super) fn whole(&self) -> &Breaker {
        &self.whole
    }

    /// Returns the breaker of a part, if it is one.
    pub(super) fn of(&self, part: Option<&Part>) -> Cow<'_, Breaker> {
        let Some(part) = part else { return Cow::Borrowed(&self.whole) };
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = parts.get(part) {
            return Cow::Owned(breaker.clone());
        }
        if parts.len() >= PARTS {
            parts.retain(|_, breaker| breaker.is_in_outage());
        }
        let breaker = (self.make)(Some(part.clone()));
        parts.insert(part.clone(), breaker.clone());
        Cow::Owned(breaker)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic in here is a failed test, which is what it is for")]
mod tests {
    use std::ops::ControlFlow::{self, Break, Continue};
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
    use std::time::SystemTime;

    use tokio::time::{Instant, sleep};

    use super::super::{Budget, StoreClient};
    use super::*;
    use crate::store::{Call, Loaded, New, Store, StoreError, Swap};

    /// Keys that begin with `a` are on a server that is away.
    #[derive(Default)]
    struct TwoServers {
        is_back: AtomicBool,
        /// Calls for its keys.
        asked: AtomicU32,
        pinged: AtomicU32,
    }

    impl TwoServers {
        fn is_away(&self, key: &str) -> ControlFlow<StoreError> {
            if !key.starts_with('a') || self.is_back.load(Relaxed) {
                return Continue(());
            }
            self.asked.fetch_add(1, Relaxed);
            Break(StoreError::unavailable("connection refused"))
        }
    }

    impl Store for TwoServers {
        async fn load(&self, _: Call, key: &str, _: Option<Duration>) -> Result<Option<Loaded>, StoreError> {
            if let Break(error) = self.is_away(key) { Err(error) } else { Ok(None) }
        }

        async fn swap(
            &self,
            _: Call,
            key: &str,
            _: Option<&Loaded>,
            _: Option<New<'_>>,
        ) -> Result<Swap, StoreError> {
            let Break(error) = self.is_away(key) else { return Ok(Swap::Done { version: None }) };
            Err(error)
        }

        async fn delete(&self, _: Call, _: &str) -> Result<bool, StoreError> {
            Ok(false)
        }

        async fn ping(&self, _: Call) -> Result<(), StoreError> {
            panic!("the whole is not asked where parts fail on their own")
        }

        fn part_of(&self, key: &str) -> Option<Part> {
            Some(Part::named(&key[..1]))
        }

        async fn ping_part(&self, _: Call, part: &Part) -> Result<bool, StoreError> {
            self.pinged.fetch_add(1, Relaxed);
            if let Break(error) = self.is_away(part.name()) { Err(error) } else { Ok(true) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_away_is_not_asked_and_the_others_are() {
        let store = Arc::new(TwoServers::default());
        let client = StoreClient::new(DynStore::new(Arc::clone(&store)), Duration::from_secs(1), 3, None);
        let swap = async |key| {
            let (budget, now) = (Budget::new(Duration::from_secs(3)), SystemTime::now());
            client.swap(&budget, now, key, None, None).await
        };
        for _ in 0..20 {
            assert!(swap("a1").await.is_err());
            assert!(swap("b1").await.is_ok());
        }
        assert_eq!((store.asked.load(Relaxed), store.pinged.load(Relaxed)), (3, 0));
        sleep(Duration::from_secs(2)).await;
        assert!(store.pinged.load(Relaxed) >= 3, "the server is asked whether it is back");
        store.is_back.store(true, Relaxed);
        let begin = Instant::now();
        while swap("a1").await.is_err() {
            sleep(Duration::from_millis(10)).await;
            assert!(begin.elapsed() < Duration::from_secs(2));
        }
    }

    /// Its keys are on one server, and later on another.
    #[derive(Default)]
    struct Moving {
        is_away: AtomicBool,
        has_moved: AtomicBool,
    }

    impl Store for Moving {
        async fn load(&self, _: Call, _: &str, _: Option<Duration>) -> Result<Option<Loaded>, StoreError> {
            let is_away = self.is_away.load(Relaxed) && !self.has_moved.load(Relaxed);
            if is_away { Err(StoreError::unavailable("connection refused")) } else { Ok(None) }
        }

        async fn swap(
            &self,
            _: Call,
            _: &str,
            _: Option<&Loaded>,
            _: Option<New<'_>>,
        ) -> Result<Swap, StoreError> {
            Ok(Swap::Done { version: None })
        }

        async fn delete(&self, _: Call, _: &str) -> Result<bool, StoreError> {
            Ok(false)
        }

        fn part_of(&self, key: &str) -> Option<Part> {
            Some(Part::named(if self.has_moved.load(Relaxed) { "elsewhere" } else { key }))
        }

        async fn ping_part(&self, call: Call, part: &Part) -> Result<bool, StoreError> {
            let has_moved = self.has_moved.load(Relaxed);
            self.load(call, part.name(), None).await.map(|_| !has_moved)
        }
    }

    #[derive(Default)]
    struct Heard(Mutex<Vec<&'static str>>);

    impl OutageListener for Heard {
        fn begins(&self, _: SystemTime) {
            self.0.lock().unwrap().push("begins");
        }

        fn is_over(&self, _: SystemTime) {
            self.0.lock().unwrap().push("is over");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_outage_of_several_servers_is_one_and_ends_also_if_their_keys_are_elsewhere_then() {
        for failures in [1, 5] {
            let (store, heard) = (Arc::new(Moving::default()), Arc::new(Heard::default()));
            let listener: Arc<dyn OutageListener> = Arc::clone(&heard) as Arc<dyn OutageListener>;
            let within = Duration::from_secs(1);
            let client = StoreClient::new(DynStore::new(Arc::clone(&store)), within, 3, Some(listener));
            let load = async |key| {
                let (budget, now) = (Budget::new(Duration::from_secs(3)), SystemTime::now());
                client.load(&budget, now, key, None).await
            };
            store.is_away.store(true, Relaxed);
            for _ in 0..failures {
                assert!(load("a").await.is_err() && load("b").await.is_err());
            }
            store.has_moved.store(true, Relaxed);
            assert!(load("a").await.is_ok());
            sleep(Duration::from_secs(10)).await;
            assert_eq!(*heard.0.lock().unwrap(), ["begins", "is over"], "after {failures} failures");
        }
    }

    /// Takes no writes, and has nothing against pings.
    #[derive(Default)]
    struct ReadOnly(AtomicBool);

    impl Store for ReadOnly {
        async fn load(&self, _: Call, _: &str, _: Option<Duration>) -> Result<Option<Loaded>, StoreError> {
            Ok(None)
        }

        async fn swap(
            &self,
            _: Call,
            _: &str,
            _: Option<&Loaded>,
            _: Option<New<'_>>,
        ) -> Result<Swap, StoreError> {
            let takes_writes = self.0.load(Relaxed);
            if takes_writes { Ok(Swap::Done { version: None }) } else { Err(StoreError::unavailable("away")) }
        }

        async fn delete(&self, _: Call, _: &str) -> Result<bool, StoreError> {
            Ok(false)
        }

        fn part_of(&self, _: &str) -> Option<Part> {
            Some(Part::named("one of three"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_of_writes_alone_is_one_outage_however_often_pings_are_answered() {
        let (store, heard) = (Arc::new(ReadOnly::default()), Arc::new(Heard::default()));
        let listener: Arc<dyn OutageListener> = Arc::clone(&heard) as Arc<dyn OutageListener>;
        let client =
            StoreClient::new(DynStore::new(Arc::clone(&store)), Duration::from_secs(1), 3, Some(listener));
        let swap = async || {
            let (budget, now) = (Budget::new(Duration::from_secs(3)), SystemTime::now());
            client.swap(&budget, now, "k", None, None).await
        };
        for _ in 0..100 {
            assert!(swap().await.is_err());
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(*heard.0.lock().unwrap(), ["begins"]);
        store.0.store(true, Relaxed);
        sleep(Duration::from_secs(1)).await;
        assert!(swap().await.is_ok());
        assert_eq!(*heard.0.lock().unwrap(), ["begins", "is over"]);
    }
}
