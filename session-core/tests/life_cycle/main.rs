//! The life of a session from cookie to cookie, without a web framework.

mod site;

mod cookies;
mod login;
mod saving;
mod server;
