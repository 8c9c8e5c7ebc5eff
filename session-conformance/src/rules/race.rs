//! Rules for calls at the same time.

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::super::subject::{HOUR, Subject, conflict, done, holds, show};
use super::super::violation::{Broken, ensure};
use rocket_session_state_core::store::{Loaded, Swap};

/// No right store lets one caller lose this often: a wrong one must not keep the suite running.
const PATIENCE: u32 = 5_000;

/// Runs tasks at once, on several threads where the runtime has them; they end with the rule.
async fn together<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = Result<T, Broken>> + Send + 'static>,
) -> Result<Vec<T>, Broken> {
    let mut running: JoinSet<_> = tasks.into_iter().collect();
    let mut results = Vec::new();
    while let Some(ended) = running.join_next().await {
        results.push(ended.map_err(|_| Broken::because("a call panicked"))??);
    }
    Ok(results)
}

pub(super) async fn exactly_one_of_many_swaps_with_one_expectation_wins(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    let mut expected: Option<Loaded> = None;
    for round in 0..20 {
        let racers = (0..16).map(|racer| {
            let (store, key, expected) = (Arc::clone(store), key.clone(), expected.clone());
            async move {
                let mine = format!("{round}/{racer}");
                let swap = store.swap(&key, expected.as_ref(), Some(mine.as_bytes())).await?;
                Ok((mine, swap))
            }
        });
        let (won, lost): (Vec<_>, Vec<_>) =
            together(racers).await?.into_iter().partition(|(_, swap)| matches!(swap, Swap::Done { .. }));
        let current = store.stored(&key).await?;
        let [(winner, _)] = won.as_slice() else {
            return Err(Broken(format!("of 16 swaps with one expectation {} were done", won.len())));
        };
        holds(current.as_ref(), Some(winner.as_bytes()), "a load after one of 16 swaps was done")?;
        for (_, swap) in lost {
            conflict(swap, "a swap that lost", Some(winner.as_bytes()))?;
        }
        expected = current;
    }
    Ok(())
}

pub(super) async fn increments_by_compare_and_swap_are_never_lost(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    store.create(&key, b"0").await?;
    let counters = (0..8).map(|_| {
        let (store, key) = (Arc::clone(store), key.clone());
        async move {
            for _ in 0..25 {
                increment(&store, &key).await?;
            }
            Ok(())
        }
    });
    together(counters).await?;
    holds(store.stored(&key).await?.as_ref(), Some(b"200"), "a counter after 200 increments")
}

async fn increment(store: &Subject, key: &str) -> Result<(), Broken> {
    let mut base = store.stored(key).await?;
    for _ in 0..PATIENCE {
        let count = base.as_ref().and_then(|base| std::str::from_utf8(&base.bytes).ok()?.parse::<u32>().ok());
        let count = count.ok_or_else(|| Broken(format!("a counter became {}", show(base.as_ref()))))?;
        let next = count.saturating_add(1).to_string();
        match store.swap(key, base.as_ref(), Some(next.as_bytes())).await? {
            Swap::Done { .. } => return Ok(()),
            Swap::Conflict(current) => base = current,
        }
    }
    Err(Broken::because("one of 8 callers got no turn: every swap was a conflict"))
}

/// Two ways for a rotation to end, and no third: the late change is seen, or it finds nothing.
pub(super) async fn of_a_write_and_a_delete_by_swap_one_sees_the_other(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    for round in 0..50 {
        let key = store.key(&round.to_string());
        let base = store.create(&key, b"base").await?;
        let swaps = [Some(&b"late"[..]), None].map(|new| {
            let (store, key, base) = (Arc::clone(store), key.clone(), base.clone());
            async move { Ok((new.is_none(), store.swap(&key, Some(&base), new).await?)) }
        });
        let mut swaps = together(swaps).await?;
        swaps.sort_by_key(|(deletes, _)| *deletes);
        let stored = store.stored(&key).await?;
        match swaps.as_slice() {
            [(_, Swap::Done { .. }), (_, Swap::Conflict(Some(seen)))] if &*seen.bytes == b"late" => {
                holds(stored.as_ref(), Some(b"late"), "a load after the write was faster")?;
            }
            [(_, Swap::Conflict(None)), (_, Swap::Done { .. })] => {
                holds(stored.as_ref(), None, "a load after the deletion was faster")?;
            }
            other => {
                return Err(Broken(format!("a write and a deletion of one record both ended as {other:?}")));
            }
        }
    }
    Ok(())
}

pub(super) async fn a_delete_during_swaps_leaves_nothing(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    for _ in 0..50 {
        let base = store.create(&key, b"logged in").await?;
        let calls = (0..5).map(|n| {
            let (store, key, base) = (Arc::clone(store), key.clone(), base.clone());
            async move {
                match n {
                    4 => ensure(store.delete(&key).await?, || {
                        "a deletion during swaps said that there was no record".into()
                    }),
                    _ => write_until_it_has_ended(&store, &key, base).await,
                }
            }
        });
        together(calls).await?;
        holds(store.stored(&key).await?.as_ref(), None, "a load after a deletion during swaps")?;
    }
    Ok(())
}

async fn write_until_it_has_ended(store: &Subject, key: &str, base: Loaded) -> Result<(), Broken> {
    let mut expected = base;
    for _ in 0..PATIENCE {
        let current = match store.swap(key, Some(&expected), Some(b"still here")).await? {
            Swap::Done { .. } => store.stored(key).await?,
            Swap::Conflict(current) => current,
        };
        let Some(current) = current else { return Ok(()) };
        expected = current;
        // The deletion may wait for this very thread.
        tokio::task::yield_now().await;
    }
    Err(Broken::because("a deletion during swaps never took effect"))
}

pub(super) async fn a_delete_during_loads_with_touch_leaves_nothing(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    let touch = HOUR;
    for _ in 0..50 {
        store.create(&key, b"logged in").await?;
        let calls = (0..8).map(|n| {
            let (store, key) = (Arc::clone(store), key.clone());
            async move {
                match n {
                    4 => store.delete(&key).await.map(drop),
                    _ => store.load(&key, Some(touch)).await.map(drop),
                }
            }
        });
        together(calls).await?;
        holds(store.stored(&key).await?.as_ref(), None, "a load after a deletion during loads with touch")?;
    }
    Ok(())
}

/// Callers enforce their deadline by dropping the call. It may be done or not, then or a little later.
pub(super) async fn a_call_that_is_dropped_leaves_the_store_in_order(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    let base = store.create(&key, b"before").await?;
    store.abandoned_swap(&key, &base, b"after").await;
    let mut current = store.stored(&key).await?;
    for _ in 0..10 {
        let known = current.as_ref().is_some_and(|current| matches!(&*current.bytes, b"before" | b"after"));
        ensure(known, || format!("a swap that was dropped left {}", show(current.as_ref())))?;
        match store.swap(&key, current.as_ref(), Some(b"next")).await? {
            Swap::Done { .. } => {
                return holds(
                    store.stored(&key).await?.as_ref(),
                    Some(b"next"),
                    "a load after the next swap",
                );
            }
            Swap::Conflict(found) => current = found,
        }
    }
    let swap = store.swap(&key, current.as_ref(), Some(b"next")).await?;
    done(&swap, "the last of many swaps after one that was dropped").map(drop)
}
