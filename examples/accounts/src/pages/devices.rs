//! Where the user is logged in. "Device" is what users call a session.

use super::render;
use crate::form::DeviceName;
use crate::session::{Member, Visit};
use rocket::form::Form;
use rocket::response::Redirect;
use rocket::{FromForm, Route, get, post, routes, uri};
use rocket_dyn_templates::{Template, context};
use rocket_session_state::{SaveError, UserSession, UserSessions};
use serde::Serialize;
use std::time::{Duration, SystemTime};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, rename, end, end_others]
}

/// A session, as the page shows it.
#[derive(Serialize)]
struct Device {
    handle: String,
    label: String,
    logged_in: String,
    seen: String,
    is_this: bool,
}

impl Device {
    fn new(session: &UserSession, now: SystemTime) -> Self {
        let ago = |time| ago(now.duration_since(time).unwrap_or_default());
        Device {
            handle: session.handle().to_owned(),
            label: session.label().to_owned(),
            logged_in: ago(session.created()),
            seen: ago(session.last_seen()),
            is_this: session.is_current(),
        }
    }
}

fn ago(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let (number, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

/// A member who is locked out or deleted meanwhile sees no devices either, so the page wants both.
#[get("/")]
pub(crate) async fn page(
    _member: Member,
    mine: UserSessions<Visit>,
    visit: Visit,
) -> Result<Template, SaveError> {
    let now = visit.session().now();
    let devices = mine.list().await?;
    let devices: Vec<_> = devices.iter().map(|session| Device::new(session, now)).collect();
    Ok(render("devices", &visit, context! { devices }))
}

#[derive(FromForm)]
struct Name<'r> {
    name: DeviceName<'r>,
}

/// Without a name a device is called what its browser calls itself.
#[post("/name", data = "<form>")]
fn rename(form: Form<Name<'_>>, _member: Member, visit: Visit) -> Redirect {
    visit.session().set_label(form.name.0);
    visit.flash("This device has its name.", "success");
    Redirect::to(uri!("/account/devices", page))
}

#[derive(FromForm)]
struct End<'r> {
    handle: &'r str,
}

/// The handle is no secret: it opens nothing, and `mine` finds it among the user's own sessions only.
#[post("/end", data = "<form>")]
async fn end(
    form: Form<End<'_>>,
    _member: Member,
    mine: UserSessions<Visit>,
    visit: Visit,
) -> Result<Redirect, SaveError> {
    match mine.end(form.handle).await? {
        true => visit.flash("The device is logged out.", "success"),
        false => visit.flash("That device was logged out already.", "success"),
    }
    Ok(Redirect::to(uri!("/account/devices", page)))
}

#[post("/end-others")]
async fn end_others(_member: Member, mine: UserSessions<Visit>, visit: Visit) -> Result<Redirect, SaveError> {
    mine.end_others().await?;
    visit.flash("Your other devices are logged out.", "success");
    Ok(Redirect::to(uri!("/account/devices", page)))
}

#[cfg(test)]
mod tests {
    use super::ago;
    use std::time::Duration;

    #[test]
    fn a_time_is_told_in_the_largest_unit_that_fits() {
        let told = |seconds| ago(Duration::from_secs(seconds));
        let times = [0, 59, 60, 119, 120, 3599, 3600, 7199, 7200, 86_399, 86_400, 40 * 86_400];
        let expected = [
            "just now",
            "just now",
            "1 minute ago",
            "1 minute ago",
            "2 minutes ago",
            "59 minutes ago",
            "1 hour ago",
            "1 hour ago",
            "2 hours ago",
            "23 hours ago",
            "1 day ago",
            "40 days ago",
        ];
        assert_eq!(times.map(told), expected);
    }
}
