//! How often somebody may try to log in.

use crate::database::down;
use crate::users::name_key;
use rocket::http::Status;
use sqlx::SqlitePool;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Counts attempts in the database, so that they count in every process and after a restart.
///
/// An attempt costs some time, and a row of the table says until when somebody has paid. Whoever is further ahead than a
/// few attempts has to wait. A row that is in the past is as good as none, so there are never more than attempts of the
/// last minutes.
pub(crate) struct Attempts(SqlitePool);

/// Whose attempts are counted together.
#[derive(Clone, Copy)]
pub(crate) enum Who<'a> {
    /// Everybody who tries this name: five attempts, then one a minute.
    Name(&'a str),
    /// Everybody at this address, whatever names they try: twenty attempts, then one every ten seconds.
    Address(IpAddr),
}

impl Who<'_> {
    fn key(self) -> String {
        match self {
            Who::Name(name) => format!("name {}", name_key(name)),
            Who::Address(IpAddr::V4(address)) => format!("address {address}"),
            // Whoever has one address has all that begin with the same 64 bits.
            Who::Address(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(address) => format!("address {address}"),
                None => format!("address {:016x}", address.to_bits() >> 64),
            },
        }
    }

    /// The attempts that somebody has at once, and the seconds after which there is one more.
    fn limit(self) -> (i64, i64) {
        match self {
            Who::Name(_) => (5, 60),
            Who::Address(_) => (20, 10),
        }
    }
}

impl Attempts {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// Counts an attempt; `Some` with the time to wait if there are none left. It is counted before its outcome is known:
    /// a thousand at the same moment would otherwise be one.
    pub(crate) async fn count(&self, who: Who<'_>, now: SystemTime) -> Result<Option<Duration>, Status> {
        let (now, (at_once, price)) = (seconds(now), who.limit());
        let counted = sqlx::query(
            "INSERT INTO attempts (who, paid_until) VALUES (?1, ?2 + ?3)
             ON CONFLICT (who) DO UPDATE SET paid_until = max(paid_until, ?2) + ?3
             WHERE max(paid_until, ?2) + ?3 <= ?2 + ?4",
        );
        let counted = counted.bind(who.key()).bind(now).bind(price).bind(at_once * price);
        if counted.execute(&self.0).await.map_err(down)?.rows_affected() > 0 {
            return Ok(None);
        }
        let paid: Option<(i64,)> = sqlx::query_as("SELECT paid_until FROM attempts WHERE who = ?")
            .bind(who.key())
            .fetch_optional(&self.0)
            .await
            .map_err(down)?;
        let wait = paid.map_or(0, |(paid_until,)| paid_until + price - now - at_once * price);
        Ok(Some(Duration::from_secs(wait.unsigned_abs())))
    }

    /// Gives an attempt back that has succeeded, and forgets whoever has not tried for a while.
    pub(crate) async fn give_back(&self, who: Who<'_>, now: SystemTime) -> Result<(), Status> {
        let (_, price) = who.limit();
        let given_back = sqlx::query("UPDATE attempts SET paid_until = paid_until - ? WHERE who = ?");
        given_back.bind(price).bind(who.key()).execute(&self.0).await.map_err(down)?;
        let forgotten = sqlx::query("DELETE FROM attempts WHERE paid_until <= ?").bind(seconds(now));
        forgotten.execute(&self.0).await.map_err(down)?;
        Ok(())
    }
}

/// In whole seconds, so that two requests of one moment are at one time, however long each was on its way here.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Attempts, Who};
    use crate::database::open_file;
    use std::net::IpAddr;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    use tempfile::TempDir;

    const NOON: Duration = Duration::from_secs(1_800_000_000);

    async fn attempts() -> (Attempts, TempDir) {
        let folder = TempDir::new().unwrap();
        let pool = open_file(folder.path().join("accounts.db")).await.unwrap();
        (Attempts::new(pool), folder)
    }

    fn after(seconds: u64) -> SystemTime {
        UNIX_EPOCH + NOON + Duration::from_secs(seconds)
    }

    fn at(address: &str) -> Who<'static> {
        Who::Address(address.parse::<IpAddr>().unwrap())
    }

    /// Counts attempts until one is refused.
    async fn allowed(attempts: &Attempts, who: Who<'_>, now: SystemTime) -> usize {
        let mut allowed = 0;
        while attempts.count(who, now).await.unwrap().is_none() {
            allowed += 1;
        }
        allowed
    }

    #[rocket::async_test]
    async fn a_name_has_five_attempts_and_then_one_a_minute() {
        let (attempts, _folder) = attempts().await;
        let momo = Who::Name("momo");
        assert_eq!(allowed(&attempts, momo, after(0)).await, 5);
        assert_eq!(allowed(&attempts, momo, after(59)).await, 0);
        assert_eq!(allowed(&attempts, momo, after(60)).await, 1);
        assert_eq!(allowed(&attempts, momo, after(60 + 180)).await, 3);
        assert_eq!(allowed(&attempts, momo, after(100_000)).await, 5);
    }

    #[rocket::async_test]
    async fn after_the_time_that_a_refusal_names_there_is_an_attempt_and_not_before() {
        let (attempts, _folder) = attempts().await;
        let momo = Who::Name("momo");
        allowed(&attempts, momo, after(0)).await;
        let wait = attempts.count(momo, after(12)).await.unwrap();
        assert_eq!(wait, Some(Duration::from_secs(48)));
        assert_eq!(attempts.count(momo, after(59)).await.unwrap(), Some(Duration::from_secs(1)));
        assert_eq!(attempts.count(momo, after(60)).await.unwrap(), None);
    }

    #[rocket::async_test]
    async fn a_refused_attempt_makes_nobody_wait_longer() {
        let (attempts, _folder) = attempts().await;
        let momo = Who::Name("momo");
        allowed(&attempts, momo, after(0)).await;
        for _ in 0..100 {
            assert!(attempts.count(momo, after(30)).await.unwrap().is_some());
        }
        assert_eq!(allowed(&attempts, momo, after(60)).await, 1);
    }

    #[rocket::async_test]
    async fn names_and_addresses_are_counted_apart_but_not_ways_to_write_one_of_them() {
        let (attempts, _folder) = attempts().await;
        assert_eq!(allowed(&attempts, Who::Name("Momo"), after(0)).await, 5);
        assert_eq!(allowed(&attempts, Who::Name("MOMO"), after(0)).await, 0);
        assert_eq!(allowed(&attempts, Who::Name("mimi"), after(0)).await, 5);

        assert_eq!(allowed(&attempts, at("192.0.2.1"), after(0)).await, 20);
        assert_eq!(allowed(&attempts, at("::ffff:192.0.2.1"), after(0)).await, 0);
        assert_eq!(allowed(&attempts, at("192.0.2.2"), after(0)).await, 20);
        assert_eq!(allowed(&attempts, at("2001:db8::1"), after(0)).await, 20);
        assert_eq!(allowed(&attempts, at("2001:db8::ffff:1"), after(0)).await, 0);
        assert_eq!(allowed(&attempts, at("2001:db8:0:1::1"), after(0)).await, 20);
    }

    #[rocket::async_test]
    async fn attempts_at_the_same_moment_are_all_counted() {
        let (attempts, _folder) = attempts().await;
        let tries = (0..20).map(|_| attempts.count(Who::Name("momo"), after(0)));
        let outcomes = rocket::futures::future::join_all(tries).await;
        assert_eq!(outcomes.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_none()).count(), 5);
    }

    #[rocket::async_test]
    async fn who_succeeds_has_used_up_nothing() {
        let (attempts, _folder) = attempts().await;
        let momo = Who::Name("momo");
        for _ in 0..50 {
            assert_eq!(attempts.count(momo, after(0)).await.unwrap(), None);
            attempts.give_back(momo, after(0)).await.unwrap();
        }
        assert_eq!(allowed(&attempts, momo, after(0)).await, 5);
    }

    #[rocket::async_test]
    async fn who_has_not_tried_for_a_while_leaves_no_row() {
        let (attempts, _folder) = attempts().await;
        for name in ["a", "b", "c"] {
            attempts.count(Who::Name(name), after(0)).await.unwrap();
        }
        attempts.give_back(Who::Name("c"), after(60)).await.unwrap();
        let rows: (i64,) =
            sqlx::query_as("SELECT count(*) FROM attempts").fetch_one(&attempts.0).await.unwrap();
        assert_eq!(rows, (0,));
    }
}
