//! The style sheet, which is part of the program.

use rocket::get;
use rocket::response::content::RawCss;

/// Takes no session, and so needs no store and sets no cookie.
#[get("/style.css")]
pub(crate) fn sheet() -> RawCss<&'static str> {
    RawCss(include_str!("../../static/style.css"))
}
