//! Tokens against forged requests, as Flask-WTF makes and checks them: a form that Flask has rendered can be posted here,
//! and a form of this application to Flask.
//!
//! An application without Flask needs none of it: a request that a page of another site has sent gets no session. That
//! rule also stands for Flask-WTF's look at the `Referer` of HTTPS requests, which it does for every request that a
//! token is checked for, before the token.
//!
//! ```
//! use rocket::response::content::RawHtml;
//! use rocket::{FromForm, get, post};
//! use rocket_session_state::csrf::{FlaskWtf, FlaskWtfForm};
//!
//! #[derive(FromForm)]
//! struct Order {
//!     item: String,
//! }
//!
//! #[get("/order")]
//! fn order_form(csrf: FlaskWtf) -> RawHtml<String> {
//!     RawHtml(format!("<form method=post>{} <input name=item></form>", csrf.field().0))
//! }
//!
//! #[post("/order", data = "<order>")] // 400 without the token
//! fn order(order: FlaskWtfForm<Order>) -> String {
//!     format!("you have ordered {}", order.item)
//! }
//! ```
//!
//! | For | Take |
//! |---|---|
//! | a form | [`FlaskWtfForm<T>`](FlaskWtfForm) as `data`, where `Form<T>` would stand |
//! | JSON or anything else that a script sends | [`FlaskWtfHeader`], and the token in the header `X-CSRFToken` |
//! | a token from anywhere else | [`FlaskWtf::verify`] |
//!
//! The keys are Flask-WTF's in lower case: `wtf_csrf_secret_key`, `wtf_csrf_field_name`, `wtf_csrf_time_limit` and
//! `wtf_csrf_headers`. An application that takes one of these guards and has no key does not launch.

mod error;
mod flask_wtf;
mod form;
mod header;

pub use error::{CsrfError, FlaskWtfFormError};
pub use flask_wtf::FlaskWtf;
pub use form::FlaskWtfForm;
pub use header::FlaskWtfHeader;

pub(crate) use flask_wtf::Tokens;
