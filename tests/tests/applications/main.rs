//! Applications as users start them: configured from outside, asked over HTTP, with a real Redis.

mod configuration;
mod login;
mod outage;
