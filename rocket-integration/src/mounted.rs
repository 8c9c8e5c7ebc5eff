//! Which routes are guarded by how they are mounted, as their names say.
//!
//! A route's name is the one thing of its own that Rocket lets be read again after it is mounted.

use std::fmt::Write as _;

use rocket::{Orbit, Rocket, Route};

const GATE: &str = "::gate()";
const LIST: &str = "::required(";

/// The name of the routes that are the gate of `guard`.
pub(crate) fn gate_name(guard: &str) -> String {
    format!("{guard}{GATE}")
}

/// The name of the route that stands for a list of routes that `guard` guards.
pub(crate) fn list_name<'r>(guard: &str, routes: impl Iterator<Item = &'r Route>) -> String {
    let routes: Vec<String> = routes.map(|route| format!("{} {}", route.method, route.uri)).collect();
    format!("{guard}{LIST}{})", routes.join(", "))
}

/// Whether this is one of the routes of a gate.
pub(crate) fn is_gate(route: &Route) -> bool {
    name(route).ends_with(GATE)
}

/// Whether the route is there for a gate or a guarded list and never answers itself.
pub(crate) fn never_answers(route: &Route) -> bool {
    is_gate(route) || name(route).contains(LIST)
}

/// The prefixes at which the gate of `guard` is mounted.
pub(crate) fn gates_of<'r>(
    routes: impl Iterator<Item = &'r Route>,
    guard: &str,
) -> impl Iterator<Item = &'r str> {
    let gate = gate_name(guard);
    routes.filter(move |route| name(route) == gate).map(|route| route.uri.base())
}

/// What is closed as a whole, one line each; `None` if nothing is.
pub(crate) fn table(rocket: &Rocket<Orbit>) -> Option<String> {
    let mut lines: Vec<String> = rocket.routes().filter_map(line).collect();
    lines.sort();
    lines.dedup();
    if lines.is_empty() {
        return None;
    }
    let mut table = String::from("Guarded as a whole (what handlers ask for themselves is not listed):");
    for line in lines {
        // Writing to a String can't fail.
        let _ = write!(table, "\n   >> {line}");
    }
    Some(table)
}

fn line(route: &Route) -> Option<String> {
    let base = route.uri.base().trim_end_matches('/');
    if let Some(guard) = name(route).strip_suffix(GATE) {
        return Some(format!("{base}/<..> by the gate of {guard}"));
    }
    let (guard, routes) = name(route).strip_suffix(')')?.split_once(LIST)?;
    Some(format!("at {base}/ {routes} required by {guard}"))
}

fn name(route: &Route) -> &str {
    route.name.as_deref().unwrap_or_default()
}
