//! The lists of users' sessions, whatever happens beside them: processes that are killed, requests that meet, limits.

mod acts;
mod crowds;
mod cuts;
mod limits;
mod meetings;
mod processes;
mod world;
