#![deny(warnings)]

use rocket::State;
use rocket::http::Status;
use rocket_session_state::{SessionUser, session_state};

pub struct Db;

#[derive(Clone)]
pub struct User {
    id: i64,
}

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = &'r State<Db>;

    async fn find(id: &i64, db: &Db) -> Result<Option<User>, Status> { //~
        let _ = db;
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

fn main() {}
