//! The accounts example: passwords, remembered visitors and the administrator, with real users in a real database.

use std::time::{Duration, SystemTime};

use cookie::Cookie;
use session_tests::app::{App, Launch, example};
use session_tests::client::{Answer, Client};
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::redis::Redis;
use session_tests::storage::{Storage, query_file};
use session_tests::told;

const PASSWORD: &str = "correct horse 游客";
const ANOTHER: &str = "battery staple";

/// The example with its own Rocket.toml, in an empty folder.
fn launch() -> App {
    Launch::new(example("accounts")).start()
}

/// The same with its sessions in `storage`, as variables choose it.
fn launch_on(storage: &Storage) -> App {
    let launch = Launch::new(example("accounts"));
    storage.rocket_environment().iter().fold(launch, |launch, (key, value)| launch.env(key, value)).start()
}

/// Changes or asks the database of the users behind the back of the application.
fn sql(app: &App, statement: &str) -> String {
    query_file(&app.folder().join("accounts.db"), statement)
}

/// A person with a browser.
struct Visitor(Client);

impl Visitor {
    fn of(app: &App) -> Visitor {
        Visitor(Client::with_jar(&app.url(), &Jar::default()))
    }

    /// Somebody who has just registered, and so is logged in.
    fn registered(app: &App, name: &str) -> Visitor {
        let visitor = Visitor::of(app);
        let answer = visitor.send("/register", &[("name", name), ("password", PASSWORD)]);
        assert_eq!(to(&answer), (303, Some("/account")), "{}", app.output());
        visitor
    }

    /// Another browser of a user who is there already.
    fn logged_in(app: &App, name: &str) -> Visitor {
        let visitor = Visitor::of(app);
        assert_eq!(to(&visitor.log_in(name, PASSWORD)), (303, Some("/account")), "{}", app.output());
        visitor
    }

    fn look(&self, path: &str) -> Answer {
        self.0.get(path).header("Accept", "text/html").send()
    }

    fn send(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.0.post(path).header("Accept", "text/html").form(form).send()
    }

    fn log_in(&self, name: &str, password: &str) -> Answer {
        self.send("/login", &[("name", name), ("password", password)])
    }

    fn change_password(&self) -> Answer {
        self.send("/account/password", &[("password", PASSWORD), ("new_password", ANOTHER)])
    }
}

/// The status, and where the answer leads.
fn to(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("location"))
}

/// What is asked of somebody whose login has ended: to log in, on a page that does not send them round in a circle.
fn has_to_log_in(visitor: &Visitor) {
    let account = visitor.look("/account");
    assert_eq!(to(&account), (303, Some("/login?next=%2Faccount")), "{}", account.text());
    let page = visitor.look("/login?next=%2Faccount");
    assert_eq!(page.status, 200, "{:?}", page.headers);
    assert!(page.text().contains("<h1>Log in</h1>"), "{}", page.text());
}

on_stores!([on_memory on_redis on_sqlite], another_password_ends_the_logins_of_other_browsers);

fn another_password_ends_the_logins_of_other_browsers(storage: Storage) {
    let app = launch_on(&storage);
    let here = Visitor::registered(&app, "游客");
    let elsewhere = Visitor::logged_in(&app, "游客");
    assert_eq!(elsewhere.look("/account").status, 200, "{}", app.output());

    assert_eq!(to(&here.change_password()), (303, Some("/account")), "{}", app.output());
    assert!(here.look("/account").text().contains("Your password is changed"));
    has_to_log_in(&elsewhere);
    assert_eq!(elsewhere.log_in("游客", PASSWORD).status, 422, "the old password");
    assert_eq!(to(&elsewhere.log_in("游客", ANOTHER)), (303, Some("/account")));
    assert_eq!(elsewhere.look("/account").status, 200);
    assert_eq!(here.look("/account").status, 200, "another log-in ends nothing");
}

on_stores!([on_memory on_redis on_sqlite], a_user_sees_the_browsers_that_are_logged_in_and_logs_one_out);

fn a_user_sees_the_browsers_that_are_logged_in_and_logs_one_out(storage: Storage) {
    let app = launch_on(&storage);
    let here = Visitor::registered(&app, "momo");
    let form = [("name", "momo"), ("password", PASSWORD)];
    let [phone, tablet] = ["a phone", "a tablet"].map(|browser| {
        let visitor = Visitor::of(&app);
        let answer = visitor.0.post("/login").header("User-Agent", browser).form(&form).send();
        assert_eq!(to(&answer), (303, Some("/account")), "{}", app.output());
        visitor
    });
    let page = here.look("/account/devices");
    let page = page.text();
    assert_eq!((page.matches("</form></td>").count(), page.matches("this one").count()), (2, 1), "{page}");
    let (_, row) = page.split_once(r#"<th scope="row">a phone</th>"#).expect("the phone");
    let (_, handle) = row.split_once(r#"name="handle" value=""#).expect("its handle");
    let handle = handle.split('"').next().expect("an end");
    assert_eq!(
        to(&here.send("/account/devices/end", &[("handle", handle)])),
        (303, Some("/account/devices"))
    );
    has_to_log_in(&phone);
    assert!(!here.look("/account/devices").text().contains("a phone"));
    assert_eq!(tablet.look("/account").status, 200);
}

on_stores!([on_memory on_redis on_sqlite], a_user_who_is_deleted_has_to_log_in_and_is_not_forbidden);

fn a_user_who_is_deleted_has_to_log_in_and_is_not_forbidden(storage: Storage) {
    let app = launch_on(&storage);
    let admin = Visitor::registered(&app, "admin");
    let momo = Visitor::registered(&app, "momo");
    assert_eq!(momo.look("/account").status, 200, "{}", app.output());

    sql(&app, "DELETE FROM users");
    has_to_log_in(&momo);
    // Neither is a gate: it does not know whether somebody who is gone was allowed to enter.
    assert_eq!(to(&admin.look("/admin")), (303, Some("/login?next=%2Fadmin")));
    assert_eq!(admin.send("/admin/users/2", &[("action", "Lock")]).status, 401);
}

on_stores!([on_memory on_redis on_sqlite], users_that_can_not_be_read_are_a_503_and_no_log_out);

fn users_that_can_not_be_read_are_a_503_and_no_log_out(storage: Storage) {
    let app = launch_on(&storage);
    let admin = Visitor::registered(&app, "admin");
    assert_eq!(admin.look("/admin").status, 200, "{}", app.output());

    sql(&app, "ALTER TABLE users RENAME TO away");
    for page in ["/account", "/admin", "/", "/login"] {
        let answer = admin.look(page);
        assert_eq!(answer.status, 503, "{page}: {}", answer.text());
        assert!(answer.text().contains("You are still logged in"), "{page}: {}", answer.text());
    }
    assert_eq!(admin.change_password().status, 503);
    sql(&app, "ALTER TABLE away RENAME TO users");
    assert_eq!(admin.look("/account").status, 200, "{}", app.output());
    assert_eq!(admin.look("/admin").status, 200, "{}", app.output());
}

/// How long from now the browser keeps the session's cookie that this answer has.
fn kept_for(answer: &Answer) -> Duration {
    let lines = answer.set_cookies();
    let line = lines.iter().find(|line| line.starts_with("session=")).expect("a session cookie");
    let ends = Cookie::parse(*line).unwrap().expires_datetime().expect("an end");
    SystemTime::from(ends).duration_since(SystemTime::now()).expect("an end in the future")
}

fn is_about(duration: Duration, hours: u64) -> bool {
    duration.abs_diff(Duration::from_secs(hours * 60 * 60)) < Duration::from_secs(120)
}

on_stores!([on_memory on_redis on_sqlite], a_visitor_is_remembered_for_thirty_days_if_they_want_it);

fn a_visitor_is_remembered_for_thirty_days_if_they_want_it(storage: Storage) {
    let app = launch_on(&storage);
    Visitor::registered(&app, "momo");
    let device = Visitor::of(&app);
    let keeps = |answer: &Answer, hours| assert!(is_about(kept_for(answer), hours), "{:?}", kept_for(answer));
    keeps(&device.log_in("momo", PASSWORD), 2);

    let form = [("name", "momo"), ("password", PASSWORD), ("remember", "on")];
    keeps(&device.send("/login", &form), 30 * 24);
    keeps(&device.change_password(), 30 * 24);
    keeps(&device.send("/logout", &[]), 2);
}

#[test]
fn the_record_of_a_remembered_visitor_lives_as_long_as_the_cookie() {
    let redis = Redis::start();
    let launch = Launch::new(example("accounts")).env("ROCKET_SESSION_TYPE", "redis");
    let app = launch.env("ROCKET_SESSION_REDIS", &redis.url()).start();
    Visitor::registered(&app, "momo").send("/logout", &[]);
    redis.clear();

    let form = [("name", "momo"), ("password", PASSWORD), ("remember", "on")];
    assert_eq!(Visitor::of(&app).send("/login", &form).status, 303, "{}", app.output());
    let mut keys = redis.keys();
    // Beside it is the list of momo's sessions.
    keys.retain(|key| !key.starts_with("session:~user:"));
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(is_about(redis.ttl(&keys[0]).expect("a lifetime"), 30 * 24));
}

#[test]
fn users_and_logins_are_there_after_a_restart_and_no_server_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_folder = |name: &str| folder.path().join(name).display().to_string();
    let launch = || {
        Launch::new(example("accounts"))
            .env("ROCKET_DATABASE", &in_folder("users.db"))
            .env("ROCKET_SESSION_SQLALCHEMY", &format!("sqlite:///{}", in_folder("sessions.db")))
            .start()
    };
    let (app, jar) = (launch(), Jar::default());
    let form = [("name", "momo"), ("password", PASSWORD)];
    let registered = Client::with_jar(&app.url(), &jar).post("/register").form(&form).send();
    assert_eq!(registered.status, 303, "{}", app.output());
    app.shut_down();

    let app = launch();
    let account = Client::with_jar(&app.url(), &jar).get("/account").send();
    assert!(account.text().contains("You are logged in as momo."), "{}", account.text());
    Visitor::logged_in(&app, "momo");
}

#[test]
fn everything_is_in_the_working_directory_unless_told_otherwise() {
    let app = launch();
    Visitor::registered(&app, "momo");
    assert_eq!(sql(&app, "SELECT name, is_admin FROM users"), "momo|1");
    assert!(app.folder().join("sessions.db").exists(), "{}", app.output());
    let hash = sql(&app, "SELECT password_hash FROM users");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains(PASSWORD), "{hash}");
}

#[test]
fn who_tries_too_many_passwords_is_told_when_to_come_back_and_others_get_in() {
    let app = launch();
    let momo = Visitor::registered(&app, "momo");
    Visitor::registered(&app, "mimi");
    let thief = Visitor::of(&app);
    for _ in 0..5 {
        let wrong = thief.log_in("momo", ANOTHER);
        assert_eq!((wrong.status, wrong.header("retry-after")), (422, None));
    }
    // Now not even the right password is looked at, whoever gives it and however the name is written.
    for name in ["momo", "MOMO", " momo "] {
        let refused = thief.log_in(name, PASSWORD);
        assert_eq!(refused.status, 429, "{name}");
        let wait: u64 = refused.header("retry-after").expect("a time").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{name}: {wait}");
        assert!(refused.text().contains(r#"role="alert">That was tried too often"#), "{}", refused.text());
    }
    assert_eq!(momo.look("/account").status, 200, "who is logged in stays so");
    assert_eq!(momo.change_password().status, 429, "a borrowed session is no way round the limit");
    Visitor::logged_in(&app, "mimi");
}

#[test]
fn who_tries_many_names_is_stopped_by_the_address_and_a_header_does_not_help() {
    let app = launch();
    let thief = Visitor::of(&app);
    let attempt = |name: &str, address: &str| {
        let form = [("name", name), ("password", PASSWORD)];
        thief.0.post("/login").header("X-Real-IP", address).form(&form).send().status
    };
    assert_eq!(attempt("momo", "192.0.2.1"), 422);
    assert_eq!(sql(&app, "SELECT who FROM attempts ORDER BY who"), "address 127.0.0.1\nname momo");
    // As after many attempts.
    sql(&app, "UPDATE attempts SET paid_until = paid_until + 1000 WHERE who = 'address 127.0.0.1'");
    assert_eq!(attempt("mimi", "192.0.2.2"), 429);
    let registration = thief.send("/register", &[("name", "momo"), ("password", PASSWORD)]);
    assert_eq!(registration.status, 429, "{}", registration.text());
    assert_eq!(sql(&app, "SELECT count(*) FROM users"), "0");
    // Nor does somebody who is stopped use up the attempts of a name.
    assert_eq!(sql(&app, "SELECT count(*) FROM attempts WHERE who = 'name mimi'"), "0");
}

#[test]
fn only_the_administrator_sees_the_users_and_sends_one_away() {
    let app = launch();
    let admin = Visitor::registered(&app, "admin");
    let momo = Visitor::registered(&app, "momo");
    assert_eq!(momo.look("/admin").status, 403);
    assert_eq!(momo.send("/admin/users/1", &[("action", "Delete")]).status, 403);
    assert_eq!(Visitor::of(&app).look("/admin").status, 303);
    assert!(admin.look("/admin").text().contains(r#"<th scope="row">momo</th>"#));

    let act =
        |action| assert_eq!(to(&admin.send("/admin/users/2", &[("action", action)])), (303, Some("/admin")));
    act("Lock");
    has_to_log_in(&momo);
    let locked = momo.log_in("momo", PASSWORD);
    assert_eq!(locked.status, 422);
    assert!(locked.text().contains("This account is locked"), "{}", locked.text());
    assert!(!momo.log_in("momo", ANOTHER).text().contains("locked"), "only its user learns that");
    act("Unlock");
    assert_eq!(momo.log_in("momo", PASSWORD).status, 303);
    act("Delete");
    has_to_log_in(&momo);

    admin.send("/admin/users/1", &[("action", "Delete")]);
    assert!(admin.look("/admin").text().contains("or it is the administrator"), "the administrator stays");
}

#[test]
fn who_deletes_the_account_is_logged_out_everywhere_and_the_name_is_free() {
    let app = launch();
    Visitor::registered(&app, "admin");
    let (here, elsewhere) = (Visitor::registered(&app, "momo"), Visitor::logged_in(&app, "momo"));
    assert_eq!(here.send("/account/delete", &[("last_password", ANOTHER)]).status, 422);
    assert_eq!(here.look("/account").status, 200, "a wrong password deletes nothing");

    let gone = here.send("/account/delete", &[("last_password", PASSWORD)]);
    assert_eq!(to(&gone), (303, Some("/")));
    assert!(here.look("/").text().contains("Your account is deleted."));
    has_to_log_in(&here);
    has_to_log_in(&elsewhere);
    let next = Visitor::registered(&app, "momo");
    assert!(next.look("/account").text().contains("You are logged in as momo."));
    has_to_log_in(&elsewhere);
}

/// The lines of the audit log, without their times.
fn audited(app: &App) -> Vec<String> {
    let output = app.output();
    let lines = output.lines().map(str::trim).filter(|line| told::is_line(line));
    lines.map(|line| line.split_once(" at=").expect("a time").0.to_owned()).collect()
}

#[test]
fn the_audit_log_says_why_somebody_is_logged_out_and_is_silent_unless_it_is_asked_for() {
    let redis = Redis::start();
    let launch = |audits: &str| {
        let launch = Launch::new(example("accounts")).env("ROCKET_SESSION_AUDIT_LOG", audits);
        launch.env("ROCKET_SESSION_TYPE", "redis").env("ROCKET_SESSION_REDIS", &redis.url()).start()
    };
    let app = launch("true");
    let admin = Visitor::registered(&app, "admin");
    let momo = Visitor::registered(&app, "momo");
    admin.send("/admin/users/2", &[("action", "LogOut")]);
    assert_eq!(momo.look("/account").status, 303);
    let lines = audited(&app);
    let [.., logged_in, ended, unknown] = &lines[..] else { panic!("{lines:?}") };
    let handle = logged_in.strip_prefix("logged_in ").expect("a log-in");
    assert_eq!(*ended, format!("ended {handle} by=elsewhere"));
    assert_eq!(*unknown, format!("id_unknown {handle}"));

    momo.log_in("momo", PASSWORD);
    sql(&app, "UPDATE users SET password_hash = 'another' WHERE name = 'momo'");
    assert_eq!(momo.look("/account").status, 303);
    admin.send("/logout", &[]);
    let lines = audited(&app);
    let [.., logged_in, stamp, logged_out] = &lines[..] else { panic!("{lines:?}") };
    let handle = logged_in.split_whitespace().nth(1).expect("its handle");
    assert_eq!(*stamp, format!("ended {handle} by=stamp"));
    assert!(logged_out.starts_with("logged_out "), "{logged_out}");

    let silent = launch("false");
    Visitor::registered(&silent, "momo").send("/logout", &[]);
    assert_eq!(audited(&silent), [""; 0]);
}

/// Rocket's release profile logs at `critical`.
#[test]
fn an_audit_log_that_the_log_does_not_show_is_an_error_at_the_launch_that_says_what_to_write() {
    const PART: &str = "session_audit_log: is on, and the log shows nothing";
    for (level, audits, is_told) in
        [("critical", "true", true), ("critical", "false", false), ("normal", "true", false)]
    {
        let launch = Launch::new(example("accounts")).env("ROCKET_LOG_LEVEL", level);
        let output = launch.env("ROCKET_SESSION_AUDIT_LOG", audits).start().shut_down();
        let told: Vec<&str> = output.lines().filter(|line| line.contains(PART)).collect();
        assert_eq!(told.len(), usize::from(is_told), "{level} {audits}: {output}");
        assert!(told.iter().all(|line| line.contains(r#"log_level = "normal""#)), "{told:?}");
    }
}
