//! `/csrf` and `/csrf-check`: Flask-WTF's tokens.

use rocket::{FromForm, Route, get, post, routes};
use rocket_session_state::csrf::{FlaskWtf, FlaskWtfForm, FlaskWtfHeader};

pub(crate) fn routes() -> Vec<Route> {
    routes![token, check_form, check_header]
}

/// A form that may have any fields.
#[derive(FromForm)]
struct Posted {
    #[field(name = "text", default = String::new())]
    _text: String,
}

#[get("/csrf")]
fn token(csrf: FlaskWtf) -> String {
    csrf.token()
}

#[post("/csrf-check", data = "<_form>")]
fn check_form(_form: FlaskWtfForm<Posted>) -> &'static str {
    "ok"
}

/// For requests that are not a form.
#[post("/csrf-check", rank = 2)]
fn check_header(_csrf: FlaskWtfHeader) -> &'static str {
    "ok"
}
