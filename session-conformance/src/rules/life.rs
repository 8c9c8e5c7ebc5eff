//! Rules for the life of records. The steps are minutes and hours, so that a slow test changes nothing.

use std::sync::Arc;
use std::time::Duration;

use super::super::subject::{HOUR, Subject, conflict, done, holds};
use super::super::violation::{Broken, ensure};
use rocket_session_state_core::store::New;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

async fn create(store: &Subject, key: &str, lifetime: Duration) -> Result<(), Broken> {
    done(&store.swap_for(key, None, Some(New { bytes: b"x", lifetime: Some(lifetime) })).await?, "a creation")
        .map(drop)
}

async fn is_there(store: &Subject, key: &str, when: &str) -> Result<(), Broken> {
    holds(store.stored(key).await?.as_ref(), Some(b"x"), &format!("a load {when}"))
}

async fn is_gone(store: &Subject, key: &str, when: &str) -> Result<(), Broken> {
    holds(store.stored(key).await?.as_ref(), None, &format!("a load {when}"))
}

pub(super) async fn a_record_ends_when_its_lifetime_has_passed(store: &Arc<Subject>) -> Result<(), Broken> {
    let (short, long) = (store.key("short"), store.key("long"));
    create(store, &short, HOUR).await?;
    create(store, &long, 2 * HOUR).await?;
    store.pass(HOUR - MINUTE).await?;
    is_there(store, &short, "a minute before the end of its life").await?;
    store.pass(MINUTE).await?;
    is_gone(store, &short, "at the end of its life").await?;
    is_there(store, &long, "of a longer life than another's that ended").await
}

pub(super) async fn an_expired_record_is_absent_for_every_call(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    let ended = store.create(&key, b"old").await?;
    store.pass(HOUR).await?;
    conflict(store.swap(&key, Some(&ended), Some(b"y")).await?, "a write to an expired record", None)?;
    conflict(store.swap(&key, Some(&ended), None).await?, "a deletion by swap of one", None)?;
    ensure(!store.delete(&key).await?, || "a deletion of an expired record said that it was there".into())?;
    store.create(&key, b"new").await?;
    store.pass(HOUR - MINUTE).await?;
    holds(store.stored(&key).await?.as_ref(), Some(b"new"), "a record created in an expired one's place")
}

pub(super) async fn a_swap_gives_the_record_a_new_life(store: &Arc<Subject>) -> Result<(), Broken> {
    let keys = ["other", "same"].map(|bytes| {
        let key = |life: &str| store.key(&format!("{life}-{bytes}"));
        (key("longer"), key("shorter"))
    });
    // A session whose life is extended is swapped for itself.
    for ((longer, shorter), old) in keys.iter().zip([b"-", b"x"]) {
        for (key, lifetime) in [(longer, 10 * HOUR), (shorter, MINUTE)] {
            let old = store.create(key, old).await?;
            let new = New { bytes: b"x", lifetime: Some(lifetime) };
            done(&store.swap_for(key, Some(&old), Some(new)).await?, "a swap of what was loaded")?;
        }
    }
    store.pass(MINUTE).await?;
    for (_, shorter) in &keys {
        is_gone(store, shorter, "after a swap to a life of a minute").await?;
    }
    store.pass(9 * HOUR).await?;
    for (longer, _) in &keys {
        is_there(store, longer, "nine hours after a swap to a life of ten").await?;
    }
    Ok(())
}

pub(super) async fn a_load_with_touch_renews_the_life_and_changes_no_byte(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    create(store, &key, HOUR).await?;
    store.pass(HOUR - MINUTE).await?;
    let loaded = store.load(&key, Some(HOUR)).await?;
    holds(loaded.as_ref(), Some(b"x"), "a load with touch")?;
    store.pass(HOUR - MINUTE).await?;
    is_there(store, &key, "after its life was renewed").await?;
    done(&store.swap(&key, loaded.as_ref(), Some(b"x")).await?, "a swap of what a load with touch gave")?;
    store.load(&key, Some(HOUR)).await?;
    store.pass(HOUR).await?;
    is_gone(store, &key, "after the renewed life").await
}

pub(super) async fn a_load_without_touch_leaves_the_life_as_it_is(
    store: &Arc<Subject>,
) -> Result<(), Broken> {
    let key = store.key("k");
    create(store, &key, HOUR).await?;
    store.pass(HOUR / 2).await?;
    is_there(store, &key, "in the middle of its life").await?;
    store.pass(HOUR / 2).await?;
    is_gone(store, &key, "at the end of a life that nobody renewed").await
}

/// Seconds by which an answer about a life may be wrong: servers count whole ones, and the test takes some.
const SLACK: Duration = Duration::from_secs(5);

/// A store that can't tell says so; what it tells is right.
pub(super) async fn what_a_load_tells_of_the_end_is_right(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    create(store, &key, 3 * HOUR).await?;
    for (touch, left) in [(None, 2 * HOUR), (Some(3 * HOUR), 3 * HOUR), (None, 2 * HOUR)] {
        store.pass(HOUR).await?;
        let loaded = store.load(&key, touch).await?;
        holds(loaded.as_ref(), Some(b"x"), "a load during its life")?;
        let told = loaded.and_then(|loaded| loaded.expires);
        let now = store.call().now;
        ensure(told.is_none_or(|end| end + SLACK >= now + left && end <= now + left + SLACK), || {
            format!(
                "a load with touch {touch:?} said that the life ends at {told:?}, and {left:?} are left at {now:?}"
            )
        })?;
    }
    Ok(())
}

pub(super) async fn a_swap_may_keep_the_end_of_the_life(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    create(store, &key, 3 * HOUR).await?;
    for value in [b"y", b"z"] {
        store.pass(HOUR).await?;
        let current = store.stored(&key).await?;
        let new = New { bytes: value, lifetime: None };
        done(&store.swap_for(&key, current.as_ref(), Some(new)).await?, "a swap that keeps the life")?;
    }
    store.pass(HOUR - MINUTE).await?;
    holds(store.stored(&key).await?.as_ref(), Some(b"z"), "a load a minute before the end that was kept")?;
    store.pass(MINUTE).await?;
    is_gone(store, &key, "at the end that two swaps have kept").await
}

pub(super) async fn a_touch_revives_nothing(store: &Arc<Subject>) -> Result<(), Broken> {
    let [never, deleted, expired] = ["never", "deleted", "expired"].map(|name| store.key(name));
    create(store, &deleted, HOUR).await?;
    store.delete(&deleted).await?;
    create(store, &expired, MINUTE).await?;
    store.pass(MINUTE).await?;
    for (key, what) in
        [(&never, "of nothing"), (&deleted, "of a deleted record"), (&expired, "of an expired one")]
    {
        holds(store.load(key, Some(HOUR)).await?.as_ref(), None, &format!("a load with touch {what}"))?;
        is_gone(store, key, "after a load with touch found nothing").await?;
    }
    Ok(())
}

/// Some servers take a number of seconds above thirty days for a date.
pub(super) async fn a_life_of_a_year_is_not_cut_short(store: &Arc<Subject>) -> Result<(), Broken> {
    let key = store.key("k");
    create(store, &key, 365 * DAY).await?;
    store.pass(364 * DAY).await?;
    is_there(store, &key, "a day before the end of a year").await?;
    store.load(&key, Some(365 * DAY)).await?;
    store.pass(364 * DAY).await?;
    is_there(store, &key, "a day before the end of another year").await
}

pub(super) async fn purge_takes_no_live_record(store: &Arc<Subject>) -> Result<(), Broken> {
    let (alive, ended) = (store.key("alive"), store.key("ended"));
    create(store, &alive, 2 * HOUR).await?;
    create(store, &ended, HOUR).await?;
    store.pass(HOUR).await?;
    store.purge().await?;
    is_there(store, &alive, "after a purge during its life").await?;
    is_gone(store, &ended, "after a purge").await
}
