//! The migration example: a Flask application and a Rocket application behind one address, seen by a visitor
//! who knows of one.

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::json;
use session_tests::app::{App, Launch, example};
use session_tests::client::{Answer, Client};
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::nginx::Nginx;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;
use session_tests::{budget, poll, port};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/migration");

/// Both sides, and nginx in front of them.
struct Shop {
    front: Nginx,
    flask: Flask,
    rocket: App,
    redis: Option<Redis>,
}

impl Shop {
    /// Flask-Session's records in Redis.
    fn on_redis() -> Shop {
        Shop::start("redis", Some(Redis::start()))
    }

    /// Flask's own signed cookie.
    fn on_cookies() -> Shop {
        Shop::start("cookie", None)
    }

    fn start(engine: &str, redis: Option<Redis>) -> Shop {
        let mut environment = vec![("FLASK_SESSION_TYPE", engine.to_owned())];
        let mut launch =
            Launch::new(example("migration")).toml(&file("Rocket.toml")).env("ROCKET_SESSION_TYPE", engine);
        if let Some(redis) = &redis {
            environment.push(("FLASK_SESSION_REDIS", redis.url()));
            launch = launch.env("ROCKET_SESSION_REDIS", &redis.url());
        }
        let rocket = launch.start();
        let script = Path::new(EXAMPLE).join("flask_shop/app.py");
        let flask = Flask::start(&script, "FLASK_RUN_PORT", &environment);
        let front = front(&file("nginx.conf"), &flask, &rocket);
        Shop { front, flask, rocket, redis }
    }

    fn visitor(&self) -> Client {
        Client::with_jar(&self.front.url(), &Jar::default())
    }

    /// Somebody who is logged in, at Flask and at Rocket without nginx: two browsers with the same cookie, each of which
    /// takes the answers of one side alone.
    fn at_both_sides(&self, name: &str) -> (Client, Client) {
        let flask = Jar::default();
        log_in(&Client::with_jar(&self.front.url(), &flask), name);
        let rocket = Jar::default();
        rocket.put("session", &flask.get("session").expect("a session"));
        (Client::with_jar(&self.flask.url(), &flask), Client::with_jar(&self.rocket.url(), &rocket))
    }

    /// Whether this side has answered this, as nginx tells it.
    fn says(&self, line: &str) -> bool {
        // It writes the line after it has sent the answer.
        poll::until(PATIENCE, || self.front.log("side.log").lines().any(|other| other == line))
    }

    fn output(&self) -> String {
        let front = [self.front.log("side.log"), self.front.output()];
        format!("{}\n{}\n{}", front.concat(), self.flask.output(), self.rocket.output())
    }
}

fn with_each_engine(check: impl Fn(&Shop)) {
    check(&Shop::on_redis());
    check(&Shop::on_cookies());
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(EXAMPLE).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// nginx with the example's configuration and other ports.
fn front(configuration: &str, flask: &Flask, rocket: &App) -> Nginx {
    let port = port::free_port();
    let addresses = [
        ("127.0.0.1:5000", address(&flask.url())),
        ("127.0.0.1:8000", address(&rocket.url())),
        ("127.0.0.1:8080", format!("127.0.0.1:{port}")),
    ];
    let configuration = addresses.iter().fold(configuration.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    Nginx::start(&configuration, port)
}

fn address(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

fn log_in(visitor: &Client, name: &str) -> Answer {
    let answer = visitor.post("/login").form(&[("username", name), ("next", "/account")]).send();
    assert_eq!((answer.status, answer.header("location")), (303, Some("/account")));
    answer
}

fn order(visitor: &Client, article: &str) -> Answer {
    let answer = visitor.post("/cart").form(&[("article", article)]).send();
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text());
    answer
}

fn page(visitor: &Client, path: &str) -> String {
    let answer = visitor.get(path).send();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text().to_owned()
}

#[test]
fn a_login_at_flask_is_one_at_rocket_and_each_shows_the_messages_of_the_other() {
    with_each_engine(|shop| {
        let visitor = shop.visitor();
        let refused = visitor.get("/account").send();
        assert_eq!((refused.status, refused.header("location")), (303, Some("/login?next=/account")));

        log_in(&visitor, "游客");
        let account = page(&visitor, "/account");
        assert!(account.contains("Account of 游客"), "{}", shop.output());
        assert!(account.contains(r#"class="message">Welcome, 游客.<"#), "{account}");

        order(&visitor, "Oolong");
        let index = page(&visitor, "/");
        assert!(index.contains("Hello 游客") && index.contains("Oolong is in your cart."), "{index}");
        assert!(!index.contains("Welcome, 游客."), "Rocket has shown that one already: {index}");
        assert!(!page(&visitor, "/").contains("Oolong is in your cart."));
        assert!(page(&visitor, "/cart").contains("1 × Oolong"));

        for line in [
            "flask: POST /login 303",
            "rocket: GET /account 200",
            "rocket: POST /cart 303",
            "flask: GET / 200",
        ] {
            assert!(shop.says(line), "{line}\n{}", shop.output());
        }
    });
}

#[test]
fn a_log_out_at_either_side_is_one_at_both() {
    with_each_engine(|shop| {
        for (side, path) in [("flask", "/logout"), ("rocket", "/account/logout")] {
            let visitor = shop.visitor();
            log_in(&visitor, "momo");
            order(&visitor, "Sencha");

            assert_eq!(visitor.post(path).send().header("location"), Some("/"), "{path}");
            assert!(shop.says(&format!("{side}: POST {path} 303")), "{}", shop.output());
            let index = page(&visitor, "/");
            assert!(index.contains("You are not logged in.") && index.contains("You are logged out."));
            assert_eq!(visitor.get("/account").send().status, 303, "{path}");
            assert!(page(&visitor, "/cart").contains("Nothing yet"), "{path}");
        }
    });
}

#[test]
fn an_id_from_before_a_login_or_a_log_out_is_worth_nothing_at_either_side() {
    let shop = Shop::on_redis();
    let known = |cookie: &str| {
        let thief = Client::new(&shop.front.url());
        let name = |path| thief.get(path).cookie(cookie).send().text().contains("momo");
        (name("/"), name("/account"))
    };
    for path in ["/logout", "/account/logout"] {
        let jar = Jar::default();
        let visitor = Client::with_jar(&shop.front.url(), &jar);
        let cookie = || format!("session={}", jar.get("session").expect("a session"));
        order(&visitor, "Sencha");
        let planted = cookie();
        log_in(&visitor, "momo");
        assert_eq!(known(&planted), (false, false), "{path}");
        let copied = cookie();
        assert_eq!(known(&copied), (true, true), "{path}");
        visitor.post(path).send();
        assert_eq!(known(&copied), (false, false), "{path}");
    }
}

#[test]
fn a_moved_page_is_the_same_page() {
    with_each_engine(|shop| {
        let jar = Jar::default();
        let visitor = Client::with_jar(&shop.front.url(), &jar);
        let before = Client::with_jar(&shop.flask.url(), &jar);
        log_in(&visitor, "游客");
        page(&visitor, "/account");
        assert_eq!(page(&visitor, "/cart"), page(&before, "/cart"));
        for article in ["Sencha", "Oolong", "Sencha"] {
            order(&visitor, article);
        }
        page(&visitor, "/");
        assert_eq!(page(&visitor, "/cart"), page(&before, "/cart"));
        assert_eq!(page(&visitor, "/account"), page(&before, "/account"));
    });
}

#[test]
fn a_route_moves_back_and_forth_in_the_middle_of_a_visit() {
    with_each_engine(|shop| {
        let ours = file("nginx.conf");
        let line = ours.lines().find(|line| line.contains("^/cart")).expect("the line of the cart");
        let without = front(&ours.replace(line, ""), &shop.flask, &shop.rocket);
        let jar = Jar::default();
        let (moved, back) =
            (Client::with_jar(&shop.front.url(), &jar), Client::with_jar(&without.url(), &jar));
        log_in(&moved, "momo");
        order(&moved, "Oolong");
        order(&back, "Oolong");
        order(&moved, "Oolong");
        assert!(page(&back, "/cart").contains("3 × Oolong"));
        assert_eq!(back.post("/cart/remove").form(&[("article", "Oolong")]).send().status, 303);
        assert!(page(&moved, "/cart").contains("Nothing yet"));
        assert!(page(&moved, "/account").contains("momo"));
    });
}

#[test]
fn what_only_flask_knows_outlives_what_rocket_writes() {
    with_each_engine(|shop| {
        // The page shows a datetime in microseconds, where the engine keeps them.
        let since =
            |page: &str| page.lines().find(|line| line.contains("logged in since")).map(str::to_owned);
        let visitor = shop.visitor();
        log_in(&visitor, "momo");
        let before = since(&page(&visitor, "/"));
        assert!(before.is_some());
        for _ in 0..10 {
            order(&visitor, "Rooibos");
        }
        assert_eq!(since(&page(&visitor, "/")), before);
    });
}

#[test]
fn rocket_keeps_a_session_as_permanent_as_flask_made_it() {
    with_each_engine(|shop| {
        for remember in [true, false] {
            let visitor = shop.visitor();
            let mut form = vec![("username", "momo")];
            form.extend(remember.then_some(("remember", "on")));
            let login = visitor.post("/login").form(&form).send();
            // A session in a store keeps the cookie that it has. A signed one is sent again when it changes.
            let answers = [login, order(&visitor, "Oolong"), visitor.get("/").send()];
            let cookies: Vec<&str> = answers.iter().flat_map(|answer| answer.set_cookies()).collect();
            assert!(!cookies.is_empty(), "{answers:?}");
            assert!(cookies.iter().all(|cookie| cookie.contains("Expires=") == remember), "{cookies:?}");
        }
    });
}

#[test]
fn orders_at_the_same_time_are_all_in_the_cart() {
    let shop = Shop::on_redis();
    let visitor = shop.visitor();
    log_in(&visitor, "momo");
    thread::scope(|scope| {
        for article in ["Oolong", "Sencha", "Oolong", "Sencha"] {
            let visitor = &visitor;
            scope.spawn(move || (0..5).for_each(|_| drop(order(visitor, article))));
        }
    });
    let cart = page(&visitor, "/cart");
    assert!(cart.contains("10 × Oolong") && cart.contains("10 × Sencha"), "{cart}");
}

#[test]
fn orders_at_both_sides_at_the_same_time_are_all_in_the_cart() {
    let shop = Shop::on_redis();
    let (flask, rocket) = shop.at_both_sides("momo");
    thread::scope(|scope| {
        for (side, article) in
            [(&flask, "Oolong"), (&rocket, "Oolong"), (&flask, "Sencha"), (&rocket, "Sencha")]
        {
            scope.spawn(move || (0..5).for_each(|_| drop(order(side, article))));
        }
    });
    let all = json!({"username": "momo", "cart": {"Oolong": 10, "Sencha": 10}});
    for side in [&flask, &rocket] {
        assert_eq!(side.get("/state").send().json(), all, "{}", shop.output());
    }
}

#[test]
fn what_one_side_removes_while_the_other_adds_is_gone_and_what_that_adds_is_there() {
    let shop = Shop::on_redis();
    for turn in 0..budget::amount("ROUNDS", 5, 100) {
        let (flask, rocket) = shop.at_both_sides("momo");
        order(&flask, "Oolong");
        let (adds, removes) = if turn % 2 == 0 { (&flask, &rocket) } else { (&rocket, &flask) };
        thread::scope(|scope| {
            scope.spawn(|| order(adds, "Sencha"));
            scope.spawn(|| {
                let answer = removes.post("/cart/remove").form(&[("article", "Oolong")]).send();
                assert_eq!(answer.status, 303, "{}", answer.text());
            });
        });
        for side in [&flask, &rocket] {
            let cart = page(side, "/cart");
            assert!(cart.contains("1 × Sencha") && !cart.contains("× Oolong"), "{cart}");
        }
    }
}

#[test]
fn a_log_out_at_one_side_beside_orders_at_the_other_is_final_at_both() {
    let shop = Shop::on_redis();
    for turn in 0..budget::amount("ROUNDS", 10, 300) {
        let (flask, rocket) = shop.at_both_sides("momo");
        let (logs_out, orders) = if turn % 2 == 0 { (&flask, &rocket) } else { (&rocket, &flask) };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let answer = orders.post("/cart").form(&[("article", "Oolong")]).send();
                    // Too late is a conflict, with which nothing is saved.
                    assert!([303, 409].contains(&answer.status), "{}", answer.text());
                });
            }
            scope.spawn(|| assert_eq!(logs_out.post("/account/logout").send().status, 303));
        });
        for side in [&flask, &rocket] {
            let state = side.get("/state").send().json();
            assert_eq!(state, json!({"username": null, "cart": {}}), "{}", shop.output());
        }
    }
}

#[test]
fn a_flask_page_that_changes_nothing_writes_nothing() {
    let shop = Shop::on_redis();
    let visitor = shop.visitor();
    log_in(&visitor, "momo");
    page(&visitor, "/account");
    let redis = shop.redis.as_ref().expect("the shop on Redis");
    let seen = redis.commands_during(|| assert!(page(&visitor, "/").contains("momo")));
    let reads = |word: &str| ["GET", "PTTL"].iter().any(|read| word.eq_ignore_ascii_case(read));
    assert!(seen.iter().all(|seen| reads(&seen.words[0])), "{seen:?}");
}

#[test]
fn neither_side_changes_anything_for_a_link_or_for_another_site() {
    with_each_engine(|shop| {
        let visitor = shop.visitor();
        let cookies = [log_in(&visitor, "momo"), order(&visitor, "Oolong")];
        for answer in &cookies {
            assert!(answer.set_cookies().iter().all(|cookie| cookie.contains("SameSite=Lax")), "{answer:?}");
        }
        for path in ["/logout", "/account/logout", "/cart/remove?article=Oolong"] {
            assert!([404, 405].contains(&visitor.get(path).send().status), "{path}");
        }
        assert!(page(&visitor, "/account").contains("momo"));
        assert!(page(&visitor, "/cart").contains("1 × Oolong"));
    });
}

#[test]
fn a_name_is_text_and_never_markup_and_next_leads_to_no_other_site() {
    let shop = Shop::on_cookies();
    let visitor = shop.visitor();
    let form = [("username", "<script>alert(1)</script>"), ("next", "//evil.example/")];
    assert_eq!(visitor.post("/login").form(&form).send().header("location"), Some("/"));
    for path in ["/account", "/"] {
        assert!(!page(&visitor, path).contains("<script>"), "{path}");
    }
}
