//! Who has given which name and password, and how often.

use crate::attempts::{Attempts, Who};
use crate::passwords::Passwords;
use crate::users::{User, Users};
use rocket::State;
use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome, Request};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// Checks the passwords that come with this request. Each check counts as an attempt.
pub(crate) struct Credentials<'r> {
    users: &'r State<Users>,
    attempts: &'r State<Attempts>,
    passwords: &'r State<Passwords>,
    address: Option<IpAddr>,
}

/// Why a name and a password do not let anybody in.
pub(crate) enum Denied {
    /// They are not those of a user. Which of the two is wrong is nobody's business.
    Wrong,
    /// They are right, and the user is locked out.
    Locked,
    /// They were not looked at, since too many have been tried. The next attempt may come after this time.
    TooOften(Duration),
    /// Nobody knows, since something does not work.
    Failed(Status),
}

impl From<Status> for Denied {
    fn from(status: Status) -> Self {
        Denied::Failed(status)
    }
}

impl Credentials<'_> {
    /// The user with this name and password.
    pub(crate) async fn check(&self, name: &str, password: &str, now: SystemTime) -> Result<User, Denied> {
        // The address first: whoever has no attempt left there does not use up those of the name.
        self.count_address(now).await?;
        self.count(Who::Name(name), now).await?;
        let user = self.users.named(name).await?;
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let fits = self.passwords.fits(password, hash).await?;
        let user = user.filter(|_| fits).ok_or(Denied::Wrong)?;

        self.attempts.give_back(Who::Name(name), now).await?;
        if let Some(address) = self.address {
            self.attempts.give_back(Who::Address(address), now).await?;
        }
        if user.is_locked { Err(Denied::Locked) } else { Ok(user) }
    }

    /// Counts an attempt at this address only: to register, which is as much work as a log-in.
    pub(crate) async fn count_address(&self, now: SystemTime) -> Result<(), Denied> {
        match self.address {
            Some(address) => self.count(Who::Address(address), now).await,
            // No address, as behind a socket of the machine itself.
            None => Ok(()),
        }
    }

    async fn count(&self, who: Who<'_>, now: SystemTime) -> Result<(), Denied> {
        match self.attempts.count(who, now).await? {
            Some(wait) => Err(Denied::TooOften(wait)),
            None => Ok(()),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Credentials<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(Credentials {
            users: try_outcome!(request.guard().await),
            attempts: try_outcome!(request.guard().await),
            passwords: try_outcome!(request.guard().await),
            address: request.client_ip(),
        })
    }
}
