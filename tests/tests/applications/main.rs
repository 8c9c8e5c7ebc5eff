//! Applications as users start them: configured from outside, asked over HTTP, with real servers.
mod accounts;
mod club;
mod configuration;
mod gate;
mod login;
mod login_flow;
mod migration;
mod moving;
mod not_utf8;
mod outage;
mod probe;
mod probe_users;
mod purging;
