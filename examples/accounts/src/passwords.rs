//! Hashing passwords.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use log::error;
use rocket::fairing::{AdHoc, Fairing};
use rocket::http::Status;
use rocket::tokio::sync::Semaphore;
use rocket::tokio::task::spawn_blocking;
use std::sync::Arc;
use std::thread::available_parallelism;

/// Hashes and checks passwords, beside the threads that serve requests: it takes some milliseconds and 19 MiB on purpose.
pub(crate) struct Passwords {
    /// The hash of a password that nobody has.
    decoy: Arc<str>,
    /// No more at once than there are cores; a flood of log-ins would otherwise take all memory.
    turns: Arc<Semaphore>,
}

/// Hands [`Passwords`] to the application.
pub(crate) fn fairing() -> impl Fairing {
    AdHoc::try_on_ignite("Passwords", |rocket| async {
        match Passwords::new() {
            Ok(passwords) => Ok(rocket.manage(passwords)),
            Err(error) => {
                error!("Passwords can't be hashed: {error}");
                Err(rocket)
            }
        }
    })
}

impl Passwords {
    fn new() -> Result<Self, Error> {
        let nobodys = argon2::password_hash::try_generate_salt()?;
        let cores = available_parallelism().map_or(1, usize::from);
        Ok(Self { decoy: hash(&nobodys)?.into(), turns: Arc::new(Semaphore::new(cores)) })
    }

    /// The hash to store, with a salt and its parameters in it.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Status> {
        let password = password.to_owned();
        self.in_turn(move || hash(password.as_bytes())).await?.map_err(|error| {
            error!("A password can't be hashed: {error}");
            Status::InternalServerError
        })
    }

    /// Returns whether the hash is that of the password. Without a hash, since nobody has the name, it takes as long: so the
    /// time tells nobody which names exist.
    pub(crate) async fn fits(&self, password: &str, hash: Option<&str>) -> Result<bool, Status> {
        let (password, exists) = (password.to_owned(), hash.is_some());
        let hash = hash.map_or_else(|| Arc::clone(&self.decoy), Arc::from);
        let fits = self.in_turn(move || fits(password.as_bytes(), &hash)).await?;
        Ok(fits && exists)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Status> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        // The turn lasts as long as the work, also if the visitor has gone meanwhile.
        let work = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        work.await.map_err(|error| {
            error!("A password was not hashed: {error}");
            Status::InternalServerError
        })
    }
}

fn hash(password: &[u8]) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password)?.to_string())
}

fn fits(password: &[u8], hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::Passwords;

    #[rocket::async_test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse 游客").await.unwrap();
        assert!(passwords.fits("correct horse 游客", Some(&hash)).await.unwrap());
        assert!(!passwords.fits("Correct horse 游客", Some(&hash)).await.unwrap());
        assert!(!passwords.fits("", Some(&hash)).await.unwrap());
    }

    #[rocket::async_test]
    async fn one_password_has_another_hash_each_time() {
        let passwords = Passwords::new().unwrap();
        let (one, other) = (passwords.hash("battery staple").await, passwords.hash("battery staple").await);
        assert_ne!(one.unwrap(), other.unwrap());
    }

    #[rocket::async_test]
    async fn a_name_that_nobody_has_costs_the_work_of_a_wrong_password_and_fits_nothing() {
        let passwords = Passwords::new().unwrap();
        let real = passwords.hash("battery staple").await.unwrap();
        // Algorithm, version and parameters decide how long it takes.
        let work = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(work(&passwords.decoy), work(&real));
        assert!(!passwords.fits("battery staple", None).await.unwrap());
    }

    #[rocket::async_test]
    async fn a_hash_that_is_damaged_fits_nothing() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.fits("", Some("")).await.unwrap());
        assert!(!passwords.fits("x", Some("$argon2id$v=19$m=8")).await.unwrap());
    }
}
