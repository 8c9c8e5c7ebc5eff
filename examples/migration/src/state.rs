//! What this side makes of the session, to compare it with what Flask makes of it.

use crate::visit::Visit;
use rocket::get;
use rocket::response::content::RawJson;
use serde_json::json;

/// The page of this name on Flask's side answers the same.
#[get("/")]
pub(crate) fn page(visit: Visit) -> RawJson<String> {
    RawJson(json!({ "username": visit.username(), "cart": visit.cart() }).to_string())
}
