//! The way to the login page and back: never in a circle, and to another site only if the
//! configuration names it.

mod elsewhere;
mod htmx;
mod next;
mod pages;
mod redirect;
mod target;

pub use next::{Next, NextRedirect};
pub use target::LoginTarget;

pub(crate) use elsewhere::is_untrusted;
pub(crate) use pages::LoginPages;
pub(crate) use redirect::send_to_login;
