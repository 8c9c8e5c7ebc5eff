//! Sessions in Rocket: what guards and fairings make of them, with a store that fails on demand.

mod launch;
mod outage;
mod responses;
mod site;
mod typed;
