#![deny(warnings)]

use rocket::http::Status;
use rocket_session_state::{SessionUser, require_session, session_state};

#[derive(Clone)]
pub struct User {
    id: i64,
}

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = ();

    async fn find(id: &i64, (): ()) -> Result<Option<User>, Status> {
        Ok(Some(User { id: *id }))
    }

    fn id(&self) -> i64 {
        self.id
    }
}

#[session_state(user = User)]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

#[require_session(Visit)]
pub struct Member {
    #[session(user, user)] //~
    user: User,
}

fn main() {}
