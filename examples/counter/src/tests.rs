use rocket::http::Cookie;
use rocket_session_state::testing::blocking::{Client, client};

fn visit(client: &Client) -> String {
    client.get("/").dispatch().into_string().expect("a text")
}

#[test]
fn each_visit_counts_one() {
    let client = client(super::rocket());
    assert_eq!(visit(&client), "Times you have been here: 1\n");
    assert_eq!(visit(&client), "Times you have been here: 2\n");
    assert_eq!(visit(&client), "Times you have been here: 3\n");
}

#[test]
fn visitors_are_counted_apart() {
    let client = client(super::rocket());
    visit(&client);
    assert_eq!(visit(&client.visitor()), "Times you have been here: 1\n");
}

#[test]
fn a_count_that_the_visitor_made_up_is_not_believed() {
    let client = client(super::rocket());
    let answer =
        client.get("/").cookie(Cookie::new("session", "eyJ2aWV3cyI6OTl9.aAAAAA.invented")).dispatch();
    assert_eq!(answer.into_string().expect("a text"), "Times you have been here: 1\n");
}
