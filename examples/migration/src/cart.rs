//! The cart.

use crate::visit::Visit;
use askama::Template;
use askama_web::WebTemplate;
use rocket::form::Form;
use rocket::response::Redirect;
use rocket::{FromForm, Route, get, post, routes};
use rocket_session_state::merge::{Number, Refused};
use std::collections::BTreeMap;

pub(crate) fn routes() -> Vec<Route> {
    routes![page, add, remove]
}

/// The number of each article: in Flask `session["cart"] = {"Oolong": 2}`.
pub(crate) type Cart = BTreeMap<String, u32>;

/// Two requests changed the cart at once: each article gets what both added or removed.
pub(crate) fn merge(
    base: Option<Cart>,
    mine: Option<Cart>,
    theirs: Option<Cart>,
) -> Result<Option<Cart>, Refused> {
    let [base, mine, theirs] = [base, mine, theirs].map(Option::unwrap_or_default);
    let quantity = |cart: &Cart, article| cart.get(article).copied().unwrap_or(0);
    let mut cart = theirs.clone();
    for article in base.keys().chain(mine.keys()) {
        let merged = quantity(&theirs, article).moved(quantity(&base, article), quantity(&mine, article));
        cart.insert(article.clone(), merged);
    }
    cart.retain(|_, quantity| *quantity > 0);
    Ok(Some(cart))
}

const ARTICLES: [&str; 3] = ["Oolong", "Rooibos", "Sencha"];

#[derive(FromForm)]
struct Order<'r> {
    #[field(validate = with(|article| ARTICLES.contains(article), "There is no such article."))]
    article: &'r str,
}

#[derive(Template, WebTemplate)]
#[template(path = "cart.html")]
struct CartPage {
    flashes: Vec<(String, String)>,
    cart: Cart,
}

#[get("/")]
fn page(visit: Visit) -> CartPage {
    CartPage { flashes: visit.flashes(), cart: visit.cart() }
}

#[post("/", data = "<order>")]
fn add(order: Form<Order<'_>>, visit: Visit) -> Redirect {
    visit.update_cart(|cart| {
        let quantity = cart.entry(order.article.to_owned()).or_default();
        *quantity = quantity.saturating_add(1);
    });
    visit.flash(format!("{} is in your cart.", order.article), "message");
    Redirect::to("/")
}

#[post("/remove", data = "<order>")]
fn remove(order: Form<Order<'_>>, visit: Visit) -> Redirect {
    visit.update_cart(|cart| cart.remove(order.article));
    Redirect::to("/cart")
}

#[cfg(test)]
mod tests {
    use super::{Cart, merge};

    fn cart(lines: &[(&str, u32)]) -> Option<Cart> {
        Some(lines.iter().map(|(article, quantity)| (article.to_string(), *quantity)).collect())
    }

    #[test]
    fn what_two_requests_add_at_once_is_all_in_the_cart() {
        let base = cart(&[("Oolong", 1)]);
        let merged = merge(base, cart(&[("Oolong", 2), ("Sencha", 1)]), cart(&[("Oolong", 3)]));
        assert_eq!(merged, Ok(cart(&[("Oolong", 4), ("Sencha", 1)])));
        assert_eq!(merge(None, cart(&[("Oolong", 1)]), cart(&[("Oolong", 1)])), Ok(cart(&[("Oolong", 2)])));
    }

    #[test]
    fn what_one_request_removes_is_gone_but_not_what_the_other_adds_meanwhile() {
        let base = cart(&[("Oolong", 2), ("Sencha", 1)]);
        let theirs = cart(&[("Oolong", 2), ("Rooibos", 1), ("Sencha", 2)]);
        assert_eq!(merge(base, cart(&[]), theirs), Ok(cart(&[("Rooibos", 1), ("Sencha", 1)])));
    }
}
