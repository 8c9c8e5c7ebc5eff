//! The same as `macro/part.rs`, written by hand against the documented traits.

use std::any::type_name;
use std::ops::Deref;

use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Route, Sentinel, async_trait, get, routes};
use rocket_session_state::guard::{
    self, Fut, GuardDef, LayoutOf, NoUser, Parts, Proof, Require, SessionGuard, SessionState, TypedKey,
};
use rocket_session_state::merge::{self, Policy};
use rocket_session_state::__private::{self as fields, Field, IntoField, LoginValue, layout_of};
use rocket_session_state::{Session, SessionError};

#[derive(Clone, Debug)]
pub struct Visit {
    session: Session,
}

struct Username;

impl Field for Username {
    type Stored = String;
    type Declared = Option<String>;
    const KEY: &'static str = "username";

    fn default() -> Option<String> {
        None
    }
}

struct Views;

impl Field for Views {
    type Stored = u32;
    type Declared = u32;
    const KEY: &'static str = "views";
    const MERGE: Option<Policy<u32>> = Some(merge::add::<u32>);
    const POLICY: &'static str = "add";

    fn default() -> u32 {
        0
    }
}

struct Tags;

impl Field for Tags {
    type Stored = Vec<String>;
    type Declared = Vec<String>;
    const KEY: &'static str = "tags";
    const MERGE: Option<Policy<Vec<String>>> = Some(merge::union::<Vec<String>>);
    const POLICY: &'static str = "union";

    fn default() -> Vec<String> {
        Vec::new()
    }
}

struct High;

impl Field for High {
    type Stored = i64;
    type Declared = i64;
    const KEY: &'static str = "high";
    const MERGE: Option<Policy<i64>> = Some(merge::max::<i64>);
    const POLICY: &'static str = "max";

    fn default() -> i64 {
        0
    }
}

struct Theme;

impl Field for Theme {
    type Stored = String;
    type Declared = String;
    const KEY: &'static str = "colour";

    fn default() -> String {
        String::from("red")
    }
}

struct City;

impl Field for City {
    type Stored = String;
    type Declared = Option<String>;
    const KEY: &'static str = "city";

    fn default() -> Option<String> {
        None
    }
}

struct Note;

impl Field for Note {
    type Stored = String;
    type Declared = Option<String>;
    const KEY: &'static str = "note";

    fn default() -> Option<String> {
        None
    }
}

struct Age;

impl Field for Age {
    type Stored = u8;
    type Declared = Option<u8>;
    const KEY: &'static str = "age";

    fn default() -> Option<u8> {
        None
    }
}

struct Score;

impl Field for Score {
    type Stored = f64;
    type Declared = f64;
    const KEY: &'static str = "score";

    fn default() -> f64 {
        0.0
    }
}

struct Seen;

impl Field for Seen {
    type Stored = bool;
    type Declared = bool;
    const KEY: &'static str = "seen";

    fn default() -> bool {
        false
    }
}

#[allow(dead_code)]
impl Visit {
    fn username(&self) -> Option<String> {
        fields::get::<Username>(&self.session)
    }

    fn set_username(&self, value: impl IntoField<Option<String>>) {
        fields::set::<Username>(&self.session, value.into_field());
    }

    fn update_username<R>(&self, change: impl FnOnce(&mut Option<String>) -> R) -> R {
        fields::update::<Username, R>(&self.session, change)
    }

    fn take_username(&self) -> Option<String> {
        fields::take::<Username>(&self.session)
    }

    fn views(&self) -> u32 {
        fields::get::<Views>(&self.session)
    }

    fn set_views(&self, value: u32) {
        fields::set::<Views>(&self.session, value);
    }

    fn update_views<R>(&self, change: impl FnOnce(&mut u32) -> R) -> R {
        fields::update::<Views, R>(&self.session, change)
    }

    fn take_views(&self) -> u32 {
        fields::take::<Views>(&self.session)
    }

    fn tags(&self) -> Vec<String> {
        fields::get::<Tags>(&self.session)
    }

    fn set_tags(&self, value: Vec<String>) {
        fields::set::<Tags>(&self.session, value);
    }

    fn update_tags<R>(&self, change: impl FnOnce(&mut Vec<String>) -> R) -> R {
        fields::update::<Tags, R>(&self.session, change)
    }

    fn take_tags(&self) -> Vec<String> {
        fields::take::<Tags>(&self.session)
    }

    fn high(&self) -> i64 {
        fields::get::<High>(&self.session)
    }

    fn set_high(&self, value: i64) {
        fields::set::<High>(&self.session, value);
    }

    fn update_high<R>(&self, change: impl FnOnce(&mut i64) -> R) -> R {
        fields::update::<High, R>(&self.session, change)
    }

    fn take_high(&self) -> i64 {
        fields::take::<High>(&self.session)
    }

    fn theme(&self) -> String {
        fields::get::<Theme>(&self.session)
    }

    fn set_theme(&self, value: impl IntoField<String>) {
        fields::set::<Theme>(&self.session, value.into_field());
    }

    fn update_theme<R>(&self, change: impl FnOnce(&mut String) -> R) -> R {
        fields::update::<Theme, R>(&self.session, change)
    }

    fn take_theme(&self) -> String {
        fields::take::<Theme>(&self.session)
    }

    fn city(&self) -> Option<String> {
        fields::get::<City>(&self.session)
    }

    fn set_city(&self, value: impl IntoField<Option<String>>) {
        fields::set::<City>(&self.session, value.into_field());
    }

    fn update_city<R>(&self, change: impl FnOnce(&mut Option<String>) -> R) -> R {
        fields::update::<City, R>(&self.session, change)
    }

    fn take_city(&self) -> Option<String> {
        fields::take::<City>(&self.session)
    }

    fn note(&self) -> Option<String> {
        fields::get::<Note>(&self.session)
    }

    fn set_note(&self, value: impl IntoField<Option<String>>) {
        fields::set::<Note>(&self.session, value.into_field());
    }

    fn update_note<R>(&self, change: impl FnOnce(&mut Option<String>) -> R) -> R {
        fields::update::<Note, R>(&self.session, change)
    }

    fn take_note(&self) -> Option<String> {
        fields::take::<Note>(&self.session)
    }

    fn age(&self) -> Option<u8> {
        fields::get::<Age>(&self.session)
    }

    fn set_age(&self, value: impl IntoField<Option<u8>>) {
        fields::set::<Age>(&self.session, value.into_field());
    }

    fn update_age<R>(&self, change: impl FnOnce(&mut Option<u8>) -> R) -> R {
        fields::update::<Age, R>(&self.session, change)
    }

    fn take_age(&self) -> Option<u8> {
        fields::take::<Age>(&self.session)
    }

    fn score(&self) -> f64 {
        fields::get::<Score>(&self.session)
    }

    fn set_score(&self, value: f64) {
        fields::set::<Score>(&self.session, value);
    }

    fn update_score<R>(&self, change: impl FnOnce(&mut f64) -> R) -> R {
        fields::update::<Score, R>(&self.session, change)
    }

    fn take_score(&self) -> f64 {
        fields::take::<Score>(&self.session)
    }

    fn seen(&self) -> bool {
        fields::get::<Seen>(&self.session)
    }

    fn set_seen(&self, value: bool) {
        fields::set::<Seen>(&self.session, value);
    }

    fn update_seen<R>(&self, change: impl FnOnce(&mut bool) -> R) -> R {
        fields::update::<Seen, R>(&self.session, change)
    }

    fn take_seen(&self) -> bool {
        fields::take::<Seen>(&self.session)
    }
}

impl SessionState for Visit {
    const KEYS: &'static [TypedKey] = &[
        (Username::KEY, type_name::<String>),
        (Views::KEY, type_name::<u32>),
        (Tags::KEY, type_name::<Vec<String>>),
        (High::KEY, type_name::<i64>),
        (Theme::KEY, type_name::<String>),
        (City::KEY, type_name::<String>),
        (Note::KEY, type_name::<String>),
        (Age::KEY, type_name::<u8>),
        (Score::KEY, type_name::<f64>),
        (Seen::KEY, type_name::<bool>),
    ];
    const LAYOUT: &'static [LayoutOf] = &[
        layout_of::<Username>,
        layout_of::<Views>,
        layout_of::<Tags>,
        layout_of::<High>,
        layout_of::<Theme>,
        layout_of::<City>,
        layout_of::<Note>,
        layout_of::<Age>,
        layout_of::<Score>,
        layout_of::<Seen>,
    ];
    const LOGIN: Option<&'static str> = Some(Username::KEY);
    type User = NoUser;

    fn is_logged_in(&self) -> bool {
        self.username().is_somebody()
    }

    fn from_session(session: Session) -> Self {
        Visit { session }
    }

    fn session(&self) -> &Session {
        &self.session
    }
}

impl SessionGuard for Visit {
    type State = Self;
    const REQUIRES: bool = true;

    fn authorize(request: &Request<'_>) -> impl Future<Output = Result<Self, SessionError>> + Send {
        guard::open(request)
    }
}

pub struct Member {
    pub username: String,
    proof: Proof<Member>,
}

impl GuardDef for Member {
    type Base = Visit;
    type State = Visit;

    fn base<'r>(request: &'r Request<'_>) -> Fut<'r, Visit> {
        Box::pin(Visit::authorize(request))
    }

    fn build(parts: Parts<Self>, _request: &Request<'_>) -> Result<Self, SessionError> {
        let username = parts.state.username().ok_or(SessionError::Forbidden)?;
        Ok(Member { username, proof: parts.proof })
    }
}

impl SessionGuard for Member {
    type State = Visit;
    const REQUIRES: bool = true;

    fn authorize(request: &Request<'_>) -> impl Future<Output = Result<Self, SessionError>> + Send {
        guard::authorize(request)
    }
}

impl Deref for Member {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        self.proof.base()
    }
}

#[get("/<_..>")]
fn carrier(_member: Member) {}

#[allow(dead_code)]
impl Member {
    pub fn gate() -> Vec<Route> {
        guard::gate::<Self>(routes![carrier])
    }

    pub fn required(closed: impl Into<Vec<Route>>) -> Vec<Route> {
        guard::required::<Self>(closed, routes![carrier])
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Visit {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        guard::enter(request).await
    }
}

impl Sentinel for Visit {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort::<Self>(rocket)
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Member {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        guard::enter(request).await
    }
}

impl Sentinel for Member {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort::<Self>(rocket)
    }
}

#[get("/a/<id>")]
fn a(_member: Require<Member>, id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[get("/b/<id>")]
fn b(_member: Require<Member>, id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[get("/c/<id>")]
fn c(_member: Require<Member>, id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[get("/d/<id>")]
fn d(_member: Require<Member>, id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[get("/e/<id>")]
fn e(_member: Require<Member>, id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

pub fn all() -> Vec<Route> {
    routes![a, b, c, d, e]
}
