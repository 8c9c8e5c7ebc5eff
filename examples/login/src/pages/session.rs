//! The session as a plain map, with Flask's calls.

use super::refused::Refused;
use crate::field::Field;
use crate::visit::Visit;
use askama::Template;
use askama_web::WebTemplate;
use rocket::form::{Contextual, Form};
use rocket::response::Redirect;
use rocket::{FromForm, FromFormField, Route, get, post, routes, uri};
use rocket_session_state::{FieldError, Flash, Session};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, get_value, set_value, pop_value, clear, set_permanent]
}

/// The keys that these pages may touch. A visitor who could name any key could also name the one that says who is
/// logged in.
#[derive(Clone, Copy, FromFormField)]
enum Key {
    Colour,
    City,
    Food,
}

impl Key {
    const ALL: [Self; 3] = [Self::Colour, Self::City, Self::Food];

    fn name(self) -> &'static str {
        match self {
            Self::Colour => "colour",
            Self::City => "city",
            Self::Food => "food",
        }
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "session.html")]
struct SessionPage {
    messages: Vec<Flash>,
    choices: [Key; 3],
    chosen: Field,
    keys: Vec<String>,
    permanent: bool,
    value: Field,
    outcome: Option<String>,
}

impl SessionPage {
    fn of(session: &Session) -> Self {
        Self {
            messages: session.take_flashes(),
            choices: Key::ALL,
            chosen: Field::default(),
            keys: session.keys(),
            permanent: session.permanent(),
            value: Field::default(),
            outcome: None,
        }
    }

    fn with_outcome(session: &Session, outcome: String) -> Self {
        Self { outcome: Some(outcome), ..Self::of(session) }
    }
}

#[get("/")]
fn page(session: Session) -> SessionPage {
    SessionPage::of(&session)
}

/// Without a default an absent key is said to be absent; with one, the default stands in for it.
#[get("/get?<key>&<default>")]
fn get_value(session: Session, key: Key, default: &str) -> SessionPage {
    let outcome = match session.get(key.name()) {
        Ok(None) if !default.is_empty() => {
            format!("{} is absent, so you get your default: {default}", key.name())
        }
        found => told(key, found),
    };
    SessionPage::with_outcome(&session, outcome)
}

#[derive(FromForm)]
struct Setting<'r> {
    key: Key,
    #[field(validate = len(1..=100).or_else(msg!("Enter 1 to 100 characters.")))]
    value: &'r str,
}

#[post("/set", data = "<form>")]
fn set_value(
    form: Form<Contextual<'_, Setting<'_>>>,
    session: Session,
) -> Result<Redirect, Refused<SessionPage>> {
    let Some(setting) = &form.value else {
        let (chosen, value) = (Field::of(&form.context, "key"), Field::of(&form.context, "value"));
        return Err(Refused::on(SessionPage { chosen, value, ..SessionPage::of(&session) }));
    };
    session.set(setting.key.name(), setting.value);
    session.flash(format!("{} is saved.", setting.key.name()), "success");
    Ok(Redirect::to(uri!("/session", page)))
}

#[derive(FromForm)]
struct Choice {
    key: Key,
}

/// Shows what it took instead of redirecting: the value is nowhere else any more.
#[post("/pop", data = "<form>")]
fn pop_value(form: Form<Choice>, session: Session) -> SessionPage {
    let outcome = match session.pop(form.key.name()) {
        Ok(Some(value)) => format!("{} was {value}, and is gone now", form.key.name()),
        found => told(form.key, found),
    };
    SessionPage::with_outcome(&session, outcome)
}

/// Takes everything, the login too: the state as an argument tells the library which key that is.
#[post("/clear")]
fn clear(session: Session, _visit: Visit) -> Redirect {
    session.clear();
    Redirect::to(uri!("/session", page))
}

#[derive(FromForm)]
struct Permanence {
    permanent: bool,
}

#[post("/permanent", data = "<form>")]
fn set_permanent(form: Form<Permanence>, session: Session) -> Redirect {
    session.set_permanent(form.permanent);
    session.flash("The lifetime is saved.", "success");
    Redirect::to(uri!("/session", page))
}

fn told(key: Key, found: Result<Option<String>, FieldError>) -> String {
    match found {
        Ok(Some(value)) => format!("{} is {value}", key.name()),
        Ok(None) => format!("{} is absent", key.name()),
        Err(_) => format!("{} is not text", key.name()),
    }
}
