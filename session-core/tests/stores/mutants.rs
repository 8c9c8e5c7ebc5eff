//! The suite finds the mistakes that authors of stores make.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rocket_session_state_conformance::{Fault, Faulty, Suite, Violations};
use rocket_session_state_core::store::{Call, Loaded, MemoryStore, New, Store, StoreError, Swap, Watcher};

use crate::calls::{Answering, done};

/// A memory store with one mistake in it.
struct Wrong {
    right: MemoryStore,
    watchers: Mutex<Vec<Watcher>>,
    mistake: Mistake,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    None,
    /// Compares in one step and writes in another.
    CompareThenWrite,
    /// Writes without comparing.
    LastWriteWins,
    /// Takes "absent" for "matches": `INSERT … ON CONFLICT UPDATE` for an update.
    Upsert,
    /// Says "done" where the stored bytes are the new ones already.
    SameIsDone,
    /// A failed comparison does not say what is there.
    ForgetfulConflict,
    /// Text columns end at a zero byte.
    CutAtZero,
    /// A blob column with a maximum that cuts without a word.
    CutLarge,
    /// Keys are compared without case.
    CaseIsLost,
    /// Extends a life and loads in two steps, writing back what it has read.
    TouchWritesBack,
    TouchDoesNothing,
    LoadAlwaysTouches,
    /// The life of the first write stays.
    SwapKeepsLife,
    /// A swap that shall keep the life begins one.
    KeepingRenews,
    /// Tells the life that was left before it was renewed.
    TellsTheLifeBefore,
    /// More than thirty days are taken for a date.
    LongLivesAreDates,
    NothingExpires,
    PurgeTakesAll,
    DeleteSaysYes,
    DeleteDoesNothing,
    /// Keeps who watches, and forgets to tell.
    TellsNobody,
}

const LONG: Duration = Duration::from_secs(30 * 86_400);

impl Store for Wrong {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let key = &self.key(key);
        let always = Some(LONG);
        match (self.mistake, touch) {
            (Mistake::TouchWritesBack, Some(touch)) => {
                let loaded = self.right.load(call, key, None).await?;
                if let Some(loaded) = &loaded {
                    tokio::task::yield_now().await;
                    self.write(call, key, Some(New { bytes: &loaded.bytes, lifetime: Some(touch) })).await?;
                }
                Ok(loaded)
            }
            (Mistake::TouchDoesNothing, _) => self.right.load(call, key, None).await,
            (Mistake::TellsTheLifeBefore, Some(_)) => {
                let before = self.right.load(call, key, None).await?;
                self.right.load(call, key, touch).await?;
                Ok(before)
            }
            (Mistake::LoadAlwaysTouches, None) => self.right.load(call, key, always).await,
            _ => self.right.load(self.at(call), key, touch).await,
        }
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let (key, call) = (&self.key(key), self.at(call));
        let new = new.map(|new| self.cut(new));
        let current = self.right.load(call, key, None).await?;
        let done = Ok(Swap::Done { version: None });
        match self.mistake {
            Mistake::CompareThenWrite if current.as_ref() == expected => {
                tokio::task::yield_now().await;
                self.write(call, key, new).await?;
                done
            }
            Mistake::LastWriteWins => {
                self.write(call, key, new).await?;
                done
            }
            Mistake::Upsert if current.is_none() => {
                self.write(call, key, new).await?;
                done
            }
            Mistake::SameIsDone
                if new.is_some() && current.as_ref().map(|c| &*c.bytes) == new.map(|new| new.bytes) =>
            {
                done
            }
            Mistake::ForgetfulConflict if current.as_ref() != expected => Ok(Swap::Conflict(None)),
            Mistake::SwapKeepsLife if current.is_some() && current.as_ref() == expected && new.is_some() => {
                let longer = new.map(|new| New { lifetime: Some(Duration::from_secs(3600)), ..new });
                self.right.swap(call, key, expected, longer).await
            }
            Mistake::KeepingRenews => {
                let renewed = new.map(|new| New { lifetime: new.lifetime.or(Some(LONG)), ..new });
                self.right.swap(call, key, expected, renewed).await
            }
            _ => self.right.swap(call, key, expected, new).await,
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        let key = &self.key(key);
        match self.mistake {
            Mistake::DeleteDoesNothing => Ok(self.right.load(call, key, None).await?.is_some()),
            Mistake::DeleteSaysYes => self.right.delete(call, key).await.map(|_| true),
            _ => self.right.delete(self.at(call), key).await,
        }
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        let later = Call { now: call.now + 1000 * LONG, ..call };
        self.right.purge(if self.mistake == Mistake::PurgeTakesAll { later } else { call }).await
    }

    fn watch(&self, _: &str, watcher: Watcher) {
        if self.mistake == Mistake::TellsNobody {
            self.watchers.lock().unwrap().push(watcher);
        }
    }
}

impl Wrong {
    fn at(&self, call: Call) -> Call {
        match self.mistake {
            Mistake::NothingExpires => Call { now: std::time::SystemTime::UNIX_EPOCH, ..call },
            _ => call,
        }
    }

    fn key(&self, key: &str) -> String {
        if self.mistake == Mistake::CaseIsLost { key.to_lowercase() } else { key.to_owned() }
    }

    fn cut<'a>(&self, new: New<'a>) -> New<'a> {
        let zero = new.bytes.iter().position(|byte| *byte == 0).unwrap_or(new.bytes.len());
        match self.mistake {
            Mistake::CutAtZero => New { bytes: &new.bytes[..zero], ..new },
            Mistake::CutLarge => New { bytes: &new.bytes[..new.bytes.len().min(65_535)], ..new },
            Mistake::LongLivesAreDates if new.lifetime > Some(LONG) => {
                New { lifetime: Some(Duration::ZERO), ..new }
            }
            _ => new,
        }
    }

    async fn write(&self, call: Call, key: &str, new: Option<New<'_>>) -> Result<(), StoreError> {
        let mut current = self.right.load(call, key, None).await?;
        while let Swap::Conflict(found) = self.right.swap(call, key, current.as_ref(), new).await? {
            current = found;
        }
        Ok(())
    }
}

async fn tried(mistake: Mistake) -> Result<(), Violations> {
    Suite::new(Wrong { right: MemoryStore::new(1_000), watchers: Mutex::default(), mistake }).run().await
}

/// Nobody waits long for a hint that does not come.
#[tokio::test(start_paused = true)]
async fn every_mistake_is_found_by_the_rule_about_it() {
    for (mistake, rule) in [
        (Mistake::CompareThenWrite, "exactly_one_of_many_swaps_with_one_expectation_wins"),
        (Mistake::LastWriteWins, "only_the_expected_record_is_replaced"),
        (Mistake::Upsert, "an_absent_record_never_matches_bytes"),
        (Mistake::SameIsDone, "a_conflict_is_one_even_where_the_current_record_equals_the_new_one"),
        (Mistake::ForgetfulConflict, "a_conflict_gives_what_the_next_swap_may_expect"),
        (Mistake::CutAtZero, "every_byte_survives"),
        (Mistake::CutLarge, "records_up_to_the_limit_survive_whole"),
        (Mistake::CaseIsLost, "keys_do_not_share_records"),
        (Mistake::TouchWritesBack, "a_delete_during_loads_with_touch_leaves_nothing"),
        (Mistake::TouchDoesNothing, "a_load_with_touch_renews_the_life_and_changes_no_byte"),
        (Mistake::LoadAlwaysTouches, "a_load_without_touch_leaves_the_life_as_it_is"),
        (Mistake::SwapKeepsLife, "a_swap_gives_the_record_a_new_life"),
        (Mistake::KeepingRenews, "a_swap_may_keep_the_end_of_the_life"),
        (Mistake::TellsTheLifeBefore, "what_a_load_tells_of_the_end_is_right"),
        (Mistake::LongLivesAreDates, "a_life_of_a_year_is_not_cut_short"),
        (Mistake::NothingExpires, "a_record_ends_when_its_lifetime_has_passed"),
        (Mistake::PurgeTakesAll, "purge_takes_no_live_record"),
        (Mistake::DeleteSaysYes, "delete_needs_no_expectation_and_says_whether_there_was_a_record"),
        (Mistake::DeleteDoesNothing, "a_delete_during_swaps_leaves_nothing"),
        (Mistake::TellsNobody, "who_watches_a_record_is_told_of_its_removal_if_anybody_is"),
    ] {
        let violations = tried(mistake).await.expect_err(&format!("{mistake:?} passed"));
        assert!(violations.rules().any(|broken| broken == rule), "{mistake:?}: {violations}");
    }
    tried(Mistake::None).await.unwrap();
}

/// The model sees mistakes that the plain rules overlook: here every plain rule is met.
#[tokio::test]
async fn a_history_that_fails_is_made_short_and_can_be_repeated() {
    // A cache that is wrong only about single bytes, as only the histories write them.
    let forgets = |key: &str, new: Option<New<'_>>| {
        (key.contains("history") && new.is_some_and(|new| new.bytes == [2])).then(|| Ok(done()))
    };
    let suite = || Suite::new(Answering(MemoryStore::new(100), forgets)).seed(7);
    let (first, again) = (suite().run().await.unwrap_err(), suite().run().await.unwrap_err());
    assert_eq!(first.to_string(), again.to_string());
    let text = first.to_string();
    assert!(text.contains("random histories agree with the model") && text.contains("seed 7"), "{text}");
    let steps = text.lines().filter(|line| line.contains("key: ")).count();
    assert!((1..=3).contains(&steps), "as short as it can be: {text}");
}

#[tokio::test]
async fn a_store_that_fails_fails_readably_and_one_that_repeats_itself_passes() {
    let store = Arc::new(Faulty::new(MemoryStore::new(1_000)));
    store.from_now_on(Fault::Fail);
    let violations = Suite::new(Arc::clone(&store)).run().await.unwrap_err();
    assert!(format!("{violations:?}").contains("a call failed: the session store can't be reached"));
    // Compare-and-swap makes a repeated call harmless: it no longer finds what it expects.
    store.from_now_on(Fault::Twice);
    let violations = Suite::new(store).run().await.map_err(|violations| violations.to_string());
    assert_eq!(violations, Ok(()));
}
