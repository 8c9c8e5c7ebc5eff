//! Requests that meet: several at once on one session, in one process and in two, on every store.
mod beside_flask;
mod commands;
mod copies;
mod devices;
mod end_all;
mod fields;
mod log_in;
mod log_out;
mod renewal;
mod site;
