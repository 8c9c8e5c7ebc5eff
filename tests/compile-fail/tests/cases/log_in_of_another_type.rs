#![deny(warnings)]

use rocket::http::Status;
use rocket_session_state::{SessionUser, session_state};

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

pub struct Admin;

#[session_state(user = User)]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

pub fn log_in(visit: &Visit, admin: &Admin) {
    visit.log_in(admin); //~
}

fn main() {}
