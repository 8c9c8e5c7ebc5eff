//! Starts the accounts example; the application itself is in the library beside this file, so that tests can start it too.

#[rocket::launch]
fn rocket() -> _ {
    accounts::rocket()
}
