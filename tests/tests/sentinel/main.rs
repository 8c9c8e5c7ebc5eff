//! The Redis store with a master that sentinels name, on its bad days.

mod disagreement;
mod failovers;
mod mistakes;

use rocket::tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
