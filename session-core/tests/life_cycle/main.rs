//! The life of a session from cookie to cookie, without a web framework.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // in what tests share

mod site;

mod change_of_user;
mod cookies;
mod copies;
mod error_texts;
mod events;
mod events_of_saves;
mod extending;
mod fields;
mod identities;
mod interleavings;
mod lifetimes;
mod listed;
mod listed_hard_cases;
mod lists;
#[path = "../stores/log_lines.rs"]
mod log_lines;
mod login;
mod merge;
mod new_ids;
mod purging;
mod renewals_at_once;
mod renewed_ids;
mod saving;
mod sealing;
mod server;
mod unknown_outcomes;
mod while_saving;
