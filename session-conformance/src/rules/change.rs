//! Rules for calls one after the other.

use std::sync::Arc;

use super::super::subject::{Subject, conflict, done, holds};
use super::super::violation::{Broken, ensure};
use rocket_session_state_core::store::Loaded;
use tokio::time::Instant;

pub(super) async fn the_store_can_be_pinged(store: &Arc<Subject>) -> Result<(), Broken> {
    store.ping().await
}

pub(super) async fn a_record_is_created_only_where_there_is_none(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    holds(store.stored(&key).await?.as_ref(), None, "a key that was never written")?;
    store.create(&key, b"first").await?;
    conflict(store.swap(&key, None, Some(b"second")).await?, "a second creation", Some(b"first"))?;
    holds(store.stored(&key).await?.as_ref(), Some(b"first"), "a load after that")
}

pub(super) async fn only_the_expected_record_is_replaced(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    let first = store.create(&key, b"first").await?;
    done(&store.swap(&key, Some(&first), Some(b"second")).await?, "a swap of what was loaded")?;
    let late = store.swap(&key, Some(&first), Some(b"third")).await?;
    conflict(late, "a swap of what is there no more", Some(b"second"))?;
    holds(store.stored(&key).await?.as_ref(), Some(b"second"), "a load after that")
}

pub(super) async fn only_the_expected_record_is_deleted(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    let first = store.create(&key, b"first").await?;
    done(&store.swap(&key, Some(&first), Some(b"second")).await?, "a swap of what was loaded")?;
    let late = store.swap(&key, Some(&first), None).await?;
    let second = conflict(late, "a deletion of what is there no more", Some(b"second"))?;
    done(&store.swap(&key, second.as_ref(), None).await?, "a deletion of what the conflict gave")?;
    holds(store.stored(&key).await?.as_ref(), None, "a load after the deletion")
}

/// This is what keeps an ended session from coming back.
pub(super) async fn an_absent_record_never_matches_bytes(store: &Arc<Subject>) -> Result<(), Broken> {
    for (name, bytes) in [("empty", &b""[..]), ("full", b"x")] {
        let key = store.key(name);
        let gone = store.create(&key, bytes).await?;
        ensure(store.delete(&key).await?, || "a deletion said that there was no record".into())?;
        conflict(
            store.swap(&key, Some(&gone), Some(b"revived")).await?,
            "a write to a deleted record",
            None,
        )?;
        conflict(store.swap(&key, Some(&gone), None).await?, "a deletion by swap of a deleted record", None)?;
        holds(store.stored(&key).await?.as_ref(), None, "a load after that")?;
    }
    Ok(())
}

pub(super) async fn a_conflict_is_one_even_where_the_current_record_equals_the_new_one(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    let base = store.create(&key, b"1").await?;
    done(&store.swap(&key, Some(&base), Some(b"2")).await?, "the first increment")?;
    conflict(store.swap(&key, Some(&base), Some(b"2")).await?, "a second increment of one base", Some(b"2"))?;
    Ok(())
}

pub(super) async fn a_conflict_gives_what_the_next_swap_may_expect(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    store.create(&key, b"current").await?;
    let current = conflict(store.swap(&key, None, Some(b"mine")).await?, "a creation", Some(b"current"))?;
    let loaded = store.stored(&key).await?;
    ensure(current == loaded, || format!("the conflict gave {current:?}, a load gives {loaded:?}"))?;
    done(&store.swap(&key, current.as_ref(), Some(b"mine")).await?, "a swap of what the conflict gave")?;
    holds(store.stored(&key).await?.as_ref(), Some(b"mine"), "a load after that")
}

pub(super) async fn a_done_swap_gives_what_the_next_swap_may_expect(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    let version = done(&store.swap(&key, None, Some(b"1")).await?, "a creation")?;
    let mine = Loaded::versioned(&b"1"[..], version);
    done(&store.swap(&key, Some(&mine), Some(b"2")).await?, "a swap of what was written, without a load")?;
    holds(store.stored(&key).await?.as_ref(), Some(b"2"), "a load after that")
}

pub(super) async fn a_swap_from_nothing_to_nothing_is_done_only_where_nothing_is(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    done(&store.swap(&key, None, None).await?, "a swap from nothing to nothing")?;
    store.create(&key, b"something").await?;
    conflict(store.swap(&key, None, None).await?, "the same where something is", Some(b"something"))?;
    Ok(())
}

pub(super) async fn delete_needs_no_expectation_and_says_whether_there_was_a_record(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    for (there, when) in [(false, "before it was created"), (true, "of a record"), (false, "a second time")] {
        if there {
            store.create(&key, b"x").await?;
        }
        let deleted = store.delete(&key).await?;
        ensure(deleted == there, || format!("a deletion {when} said {deleted}"))?;
        holds(store.stored(&key).await?.as_ref(), None, "a load after a deletion")?;
    }
    store.create(&key, b"a new life").await.map(drop)
}

pub(super) async fn keys_do_not_share_records(store: &Arc<Subject>) -> Result<(), Broken> {
    let keys = ["aBc", "AbC", "aBc_", "aBc%", "aBc-", "aBc/", "aBc.", "aBc*"].map(|name| store.key(name));
    for key in &keys {
        holds(store.stored(key).await?.as_ref(), None, "a key like another one")?;
        store.create(key, key.as_bytes()).await?;
    }
    for key in &keys {
        holds(store.stored(key).await?.as_ref(), Some(key.as_bytes()), "a key among similar ones")?;
    }
    Ok(())
}

/// A store that tells nobody drops the watcher.
pub(super) async fn who_watches_a_record_is_told_of_its_removal_if_anybody_is(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    let mut hints = store.watch(&key);
    for way in ["by swap", "whatever it holds"] {
        let record = store.create(&key, b"x").await?;
        let began = Instant::now();
        match way {
            "by swap" => drop(done(&store.swap(&key, Some(&record), None).await?, "a deletion by swap")?),
            _ => ensure(store.delete(&key).await?, || "a deletion said that there was no record".into())?,
        }
        store.hint(&mut hints, began).await.map_err(|Broken(reason)| {
            Broken(format!("the store keeps a watcher, and has removed its record {way}: {reason}"))
        })?;
    }
    Ok(())
}
