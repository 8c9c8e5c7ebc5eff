//! The way to the login page and back: never to another site, never in a circle.

mod next;
mod pages;
mod redirect;
mod target;

pub use next::{Next, NextRedirect};
pub use target::LoginTarget;

pub(crate) use pages::LoginPages;
pub(crate) use redirect::redirect_to_login;
