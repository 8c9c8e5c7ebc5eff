//! Guarding what is mounted: prefixes and lists of routes.
//!
//! Gate and list routes are recognised by their names, the only thing of ours that Rocket keeps.

use std::any::type_name;
use std::fmt::Write as _;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicIsize, Ordering};

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Orbit, Request, Rocket, async_trait};

use super::authorize::note;
use super::traits::SessionGuard;
use crate::path;

/// The routes that close the prefix at which they are mounted: `Member::gate()`.
///
/// There is one per method. They come before all other routes, and forward to those whoever may enter. `OPTIONS`, the
/// method of a browser's preflight, passes where no route answers it.
/// `carriers` are routes with the path `/<_..>` and the guard as their argument, such as `routes![..]`
/// makes: only in that way does Rocket learn of the guard's sentinel. Their handlers do not run.
pub fn gate<G: SessionGuard>(carriers: Vec<Route>) -> Vec<Route> {
    let rank = isize::MIN.saturating_add(next_number());
    let mut gates: Vec<Route> = Vec::new();
    for carrier in carriers {
        gates.extend(METHODS.map(|method| {
            let mut gate = carrier.clone();
            gate.name = Some(gate_name(type_name::<G>()).into());
            gate.method = method;
            gate.rank = rank;
            gate.handler = Box::new(Guarded::<G> { inner: None, guard: PhantomData });
            gate
        }));
    }
    gates
}

/// The same routes with the guard in front of each: `Member::required(..)`.
///
/// Their names, ranks and sentinels stay. The `carriers`, as for [`gate`], become routes that answer
/// nothing, after all others.
pub fn required<G: SessionGuard>(routes: impl Into<Vec<Route>>, carriers: Vec<Route>) -> Vec<Route> {
    let mut routes = routes.into();
    let rank = isize::MAX.saturating_sub(next_number());
    let name = list_name(type_name::<G>(), routes.iter());
    for route in &mut routes {
        let inner = Some(route.handler.clone());
        route.handler = Box::new(Guarded::<G> { inner, guard: PhantomData });
    }
    routes.extend(carriers.into_iter().map(|mut carrier| {
        carrier.name = Some(name.clone().into());
        // A request with this method never has a path, so that the status of no other forward is lost.
        carrier.method = Method::Connect;
        carrier.rank = rank;
        carrier.handler = Box::new(Nothing);
        carrier
    }));
    routes
}

const METHODS: [Method; 9] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Head,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

/// Of two routes with the same path Rocket wants different ranks.
fn next_number() -> isize {
    static NUMBER: AtomicIsize = AtomicIsize::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

struct Guarded<G> {
    /// `None` for a gate, which forwards to the routes behind it.
    inner: Option<Box<dyn Handler>>,
    guard: PhantomData<fn() -> G>,
}

#[derive(Clone)]
struct Nothing;

impl<G> Clone for Guarded<G> {
    fn clone(&self) -> Self {
        Guarded { inner: self.inner.clone(), guard: PhantomData }
    }
}

#[async_trait]
impl<G: SessionGuard> Handler for Guarded<G> {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        if self.inner.is_none() && request.method() == Method::Options && !answers_options(request) {
            return Outcome::Forward((data, Status::NotFound));
        }
        let decided = G::authorize(request).await;
        note(request, &decided);
        match (decided, &self.inner) {
            (Err(error), _) => Outcome::Error(error.status()),
            (Ok(_), Some(handler)) => handler.handle(request, data).await,
            (Ok(_), None) => Outcome::Forward((data, Status::NotFound)),
        }
    }
}

#[async_trait]
impl Handler for Nothing {
    async fn handle<'r>(&self, _: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        Outcome::Forward((data, Status::NotFound))
    }
}

/// Returns `true` if a route of the application is there for `OPTIONS` requests to this path.
///
/// Where none is, there is nothing to close: a browser's preflight comes without cookies, and has to be answered before
/// the browser sends the request that is meant.
fn answers_options(request: &Request<'_>) -> bool {
    let path = request.uri().path();
    let mut routes = request.rocket().routes().filter(|route| !never_answers(route));
    routes.any(|route| route.method == Method::Options && path::matches(route, path.as_str()))
}

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

/// Returns `true` for the routes of a gate.
pub(crate) fn is_gate(route: &Route) -> bool {
    name(route).ends_with(GATE)
}

/// Returns `true` if the route is there for a gate or a guarded list and never answers itself.
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

/// Lists the prefixes and lists that are closed as a whole, one line each; `None` if there are none.
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
