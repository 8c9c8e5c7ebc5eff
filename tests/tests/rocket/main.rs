//! Sessions in Rocket: what guards and fairings make of them, with a store that fails on demand.
mod gate;
mod guard_checks;
mod guards;
mod invariants;
mod launch;
mod log;
mod log_lines;
mod member;
mod next;
mod open_routes;
mod outage;
mod panics;
mod responses;
mod site;
mod streams;
mod surface;
mod typed;
