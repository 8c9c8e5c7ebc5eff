#![deny(warnings)]

use rocket::http::Status;
use rocket_session_state::{SessionUser, session_state};
use serde::{Deserialize, Serialize};

#[derive(PartialEq, Serialize, Deserialize)]
pub struct UserId(i64);

#[derive(Clone)]
pub struct User {
    id: i64,
}

impl SessionUser for User {
    type Id = UserId; //~
    type Source<'r> = ();

    async fn find(id: &UserId, (): ()) -> Result<Option<User>, Status> {
        Ok(Some(User { id: id.0 }))
    }

    fn id(&self) -> UserId {
        UserId(self.id)
    }
}

#[session_state(user = User)]
pub struct Visit {
    #[session(login)]
    user_id: Option<UserId>,
}

fn main() {}
