//! What a request, or somebody from elsewhere, does with the sessions of a user.

use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session};

use super::super::site::{log_in, log_out};
use super::world::{Cookie, World};

/// One of them. Most are Ann's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// A visitor with a cart becomes Ann.
    LogIn,
    /// A visitor without any cookie becomes Ann.
    LogInAfresh,
    LogInAgain,
    /// Bob logs in in Ann's session.
    ChangeOfUser,
    Renewal,
    Write,
    LogOut,
    /// A log-out that leaves a message for the visitor.
    LogOutWithMessage,
    Destroy,
    /// The first request here with a session of Ann's that Flask has made.
    FirstSight,
    FirstSightAndWrite,
    /// Flask has logged Ann in in a session that is Bob's here.
    SightOfAnotherUser,
    /// Flask has given Ann's session another id.
    SightOfAnotherId,
    /// Ann's session is ended from elsewhere.
    End,
    EndOthers,
    EndAll,
    Look,
}

impl Act {
    pub(super) const ALL: [Act; 17] = [
        Act::LogIn,
        Act::LogInAfresh,
        Act::LogInAgain,
        Act::ChangeOfUser,
        Act::Renewal,
        Act::Write,
        Act::LogOut,
        Act::LogOutWithMessage,
        Act::Destroy,
        Act::FirstSight,
        Act::FirstSightAndWrite,
        Act::SightOfAnotherUser,
        Act::SightOfAnotherId,
        Act::End,
        Act::EndOthers,
        Act::EndAll,
        Act::Look,
    ];

    /// Flask has made a session that no list can know before a request of ours has seen it.
    pub(super) fn is_of_flask(self) -> bool {
        matches!(
            self,
            Act::FirstSight | Act::FirstSightAndWrite | Act::SightOfAnotherUser | Act::SightOfAnotherId
        )
    }

    /// Makes the session that it begins with.
    pub(super) async fn prepare(self, world: &World) -> Prepared {
        let (process, flask) = (world.process(), world.flask());
        let mut cookie = Cookie::None;
        match self {
            Act::LogInAfresh => {}
            Act::LogIn => world.request(&process, &mut cookie, |session| session.set("cart", "tea")).await,
            Act::FirstSight | Act::FirstSightAndWrite => {
                world.request(&flask, &mut cookie, |session| session.set("username", "ann")).await;
            }
            Act::SightOfAnotherUser => {
                world.request(&process, &mut cookie, |session| log_in(session, "bob")).await;
                world.request(&flask, &mut cookie, |session| session.set("username", "ann")).await;
            }
            Act::SightOfAnotherId => {
                world.request(&process, &mut cookie, |session| log_in(session, "ann")).await;
                world.request(&flask, &mut cookie, Session::regenerate).await;
            }
            _ => world.request(&process, &mut cookie, |session| log_in(session, "ann")).await,
        }
        self.with(world, cookie).await
    }

    /// The same in a session that there is.
    pub(super) async fn with(self, world: &World, cookie: Cookie) -> Prepared {
        let handle = match self {
            Act::End => world.line_of(&cookie).await.map(|line| line.handle().to_owned()),
            _ => None,
        };
        Prepared { act: self, cookie, handle }
    }
}

/// An act with the session that it begins with.
#[derive(Clone)]
pub(super) struct Prepared {
    act: Act,
    pub(super) cookie: Cookie,
    handle: Option<String>,
}

impl Prepared {
    /// Does it in a process, which is gone then; the cookie that the browser has afterwards.
    pub(super) async fn perform(mut self, world: &World, process: Manager) -> Result<Cookie, SaveError> {
        let from_elsewhere = world.sessions_of(&process, "ann");
        let request: fn(&Session) = match self.act {
            Act::End => {
                from_elsewhere.end(self.handle.as_deref().unwrap_or("nobody's")).await?;
                return Ok(None);
            }
            Act::EndAll => {
                from_elsewhere.end_all().await?;
                return Ok(None);
            }
            Act::Look => {
                from_elsewhere.list().await?;
                return Ok(None);
            }
            Act::EndOthers => {
                let session = process.open(self.cookie.as_deref(), world.now).await;
                let session = session.map_err(SaveError::Unavailable)?;
                // Another request may have ended it.
                if let Some(mine) = session.sessions_of_user() {
                    mine.end_others().await?;
                }
                process.close(&session, world.now).await?;
                return Ok(self.cookie);
            }
            Act::LogIn | Act::LogInAfresh | Act::LogInAgain => |session| log_in(session, "ann"),
            Act::ChangeOfUser => |session| log_in(session, "bob"),
            Act::Renewal => Session::regenerate,
            Act::Write | Act::FirstSightAndWrite => |session| {
                if session.contains("username") {
                    session.set("note", "written");
                }
            },
            Act::LogOut => log_out,
            Act::LogOutWithMessage => |session| {
                log_out(session);
                session.flash("bye", "info");
            },
            Act::Destroy => Session::destroy,
            Act::FirstSight | Act::SightOfAnotherUser | Act::SightOfAnotherId => |session| {
                let _ = session.contains("username");
            },
        };
        world.try_request(&process, &mut self.cookie, request).await?;
        Ok(self.cookie)
    }
}
