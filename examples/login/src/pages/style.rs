//! The style sheet, part of the program so that it needs no files beside it.

use rocket::get;
use rocket::response::content::RawCss;

/// Uses no session, and therefore costs none: no store access, no cookie.
#[get("/style.css")]
pub(crate) fn sheet() -> RawCss<&'static str> {
    RawCss(include_str!("../../static/style.css"))
}
