//! Typed fields here and the real Flask: each side writes every type, and the other reads it.

use std::collections::{BTreeMap, BTreeSet};

use rocket::figment::Figment;
use rocket::http::{Header, Status};
use rocket::local::blocking::Client as Here;
use rocket::{get, post, routes};
use rocket_session_state::value::{Bytes, DateTime, Markup, Uuid, Value as Any};
use rocket_session_state::{FieldError, Session, Sessions, session_state};
use serde_json::{Value, json};
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::storage::{Cookie, Fixture};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

const SECRET: &str = "dev-secret-key for tests";
const ID: &str = "12345678-1234-5678-1234-567812345678";
/// 2024-01-02T03:04:05Z.
const THEN: i64 = 1_704_164_645;

/// One field per type. A value that does not read as declared gives an error instead of looking absent.
#[session_state]
struct Types {
    flag: Result<bool, FieldError>,
    small: Result<i64, FieldError>,
    large: Result<u64, FieldError>,
    huge: Result<i128, FieldError>,
    float: Result<f64, FieldError>,
    text: Result<String, FieldError>,
    bytes: Result<Bytes, FieldError>,
    no_bytes: Option<Bytes>,
    list: Result<Vec<u16>, FieldError>,
    pair: Result<(String, u8), FieldError>,
    set: Result<BTreeSet<String>, FieldError>,
    map: Result<BTreeMap<u32, Option<bool>>, FieldError>,
    whole: Option<DateTime>,
    aware: Option<DateTime>,
    naive: Option<DateTime>,
    zoned: Option<DateTime>,
    id: Option<Uuid>,
    html: Result<Markup, FieldError>,
    any: Result<Any, FieldError>,
}

fn naive() -> PrimitiveDateTime {
    let date = Date::from_calendar_date(2024, Month::February, 29).unwrap();
    PrimitiveDateTime::new(date, Time::from_hms_micro(23, 59, 58, 999_999).unwrap())
}

#[post("/write")]
fn write(types: Types) {
    types.set_flag(true);
    types.set_small(-129);
    types.set_large(u64::MAX);
    types.set_float(1e16);
    types.set_text("游客 é 😀");
    types.set_bytes(Bytes(vec![0xff, 0, b'h']));
    types.set_no_bytes(vec![]);
    types.set_list(vec![1, 256]);
    types.set_pair(("a".to_owned(), 1));
    types.set_set(["blue".to_owned(), "red".to_owned()].into());
    types.set_map([(2, None), (10, Some(true))].into());
    types.set_whole(OffsetDateTime::from_unix_timestamp(THEN).unwrap());
    types.set_aware(
        OffsetDateTime::from_unix_timestamp(THEN).unwrap() + time::Duration::microseconds(678_901),
    );
    types.set_naive(naive());
    let east = chrono::FixedOffset::east_opt(8 * 3600).unwrap();
    types.set_zoned(chrono::DateTime::from_timestamp(THEN, 0).unwrap().with_timezone(&east));
    types.set_id(ID.parse::<uuid::Uuid>().unwrap());
    types.set_html(Markup("<b>&amp;</b>".to_owned()));
    types.set_any(Any::Tuple(vec![Any::None, Any::Tuple(vec![Any::Int(3)])]));
}

/// Msgpack has no such integers, here as in Flask-Session.
#[post("/write_huge")]
fn write_huge(types: Types) {
    types.set_huge(1_i128 << 64);
}

#[get("/read")]
fn read(types: Types) -> String {
    [
        format!("{:?}", types.flag()),
        format!("{:?}", types.small()),
        format!("{:?}", types.large()),
        format!("{:?}", types.float()),
        format!("{:?}", types.text()),
        format!("{:?}", types.bytes()),
        format!("{:?}", types.no_bytes()),
        format!("{:?}", types.list()),
        format!("{:?}", types.pair()),
        format!("{:?}", types.set()),
        format!("{:?}", types.map()),
        format!("{:?}", types.whole()),
        format!("{:?}", types.aware()),
        format!("{:?}", types.naive().map(PrimitiveDateTime::from)),
        format!("{:?}", types.zoned().map(chrono::DateTime::<chrono::Utc>::from)),
        format!("{:?}", types.id()),
        format!("{:?}", types.html()),
    ]
    .join("\n")
}

#[get("/huge")]
fn huge(types: Types) -> String {
    format!("{:?}", types.huge())
}

#[post("/flash?<message>&<category>")]
fn flash(message: String, category: String, session: Session) {
    session.flash(message, category);
}

#[get("/flashes")]
fn flashes(session: Session) -> String {
    let flashes = session.take_flashes().into_iter();
    flashes.map(|flash| format!("{}: {}", flash.category, flash.message)).collect::<Vec<_>>().join("\n")
}

/// The sessions of both sides.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Cookie,
    Msgpack,
    Json,
}

/// One visitor of both sides.
struct Pair {
    form: Form,
    here: Here,
    flask: Flask,
    jar: Jar,
}

impl Pair {
    fn start(form: Form, redis: &Redis) -> Pair {
        let format = if form == Form::Json { "json" } else { "msgpack" };
        let mut ours = Figment::from(rocket::Config {
            log_level: rocket::config::LogLevel::Off,
            ..rocket::Config::debug_default()
        })
        .merge(("secret_key", SECRET))
        .merge(("session_serialization_format", format));
        let mut theirs = json!({ "SECRET_KEY": SECRET });
        let mut engine: &dyn Fixture = &Cookie;
        if form != Form::Cookie {
            ours = ours.merge(("session_type", "redis")).merge(("session_redis", redis.url()));
            theirs["SESSION_SERIALIZATION_FORMAT"] = Value::from(format);
            engine = redis;
        }
        let rocket = rocket::custom(ours)
            .attach(Sessions::fairing())
            .mount("/", routes![write, write_huge, read, huge, flash, flashes]);
        let here = Here::untracked(rocket).expect("the application launches");
        Pair { form, here, flask: Flask::probe(engine, &theirs), jar: Jar::default() }
    }

    fn each(redis: &Redis) -> impl Iterator<Item = Pair> {
        [Form::Cookie, Form::Msgpack, Form::Json].into_iter().map(|form| Pair::start(form, redis))
    }

    fn post(&self, path: &str) -> Status {
        self.ask(self.here.post(path.to_owned())).0
    }

    fn get(&self, path: &str) -> String {
        let (status, body) = self.ask(self.here.get(path.to_owned()));
        assert_eq!(status, Status::Ok, "{path}");
        body
    }

    fn ask(&self, mut request: rocket::local::blocking::LocalRequest<'_>) -> (Status, String) {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        if let Some(cookies) = self.jar.header(now) {
            request.add_header(Header::new("Cookie", cookies));
        }
        let answer = request.dispatch();
        answer.headers().get("Set-Cookie").for_each(|line| self.jar.take(line, now));
        (answer.status(), answer.into_string().unwrap_or_default())
    }

    fn flask(&self, ops: &Value) -> Value {
        let visitor = Client::with_jar(&self.flask.url(), &self.jar);
        let answer = visitor.post("/ops").json(&json!({ "ops": ops })).send();
        assert_eq!(answer.status, 200, "{ops}: {}\n{}", answer.text(), self.flask.output());
        answer.json()["results"].clone()
    }

    /// The value after it was kept in this side's form of sessions.
    fn by_form(&self, cookie: Value, msgpack: Value, json: Value) -> Value {
        match self.form {
            Form::Cookie => cookie,
            Form::Msgpack => msgpack,
            Form::Json => json,
        }
    }

    /// The fields that [`write`] sets, as Python reads them.
    fn written_here(&self) -> Vec<(&'static str, Value)> {
        let same = |value: Value| self.by_form(value.clone(), value.clone(), value);
        let record = |cookie: Value, record: Value| self.by_form(cookie, record.clone(), record);
        let whole = json!({ "$datetime": "2024-01-02T03:04:05+00:00" });
        let (map, text_keys) =
            (json!({ "$dict": [[2, null], [10, true]] }), json!({ "$dict": [["2", null], ["10", true]] }));
        vec![
            ("flag", same(json!(true))),
            ("small", same(json!(-129))),
            ("large", same(json!({ "$int": "18446744073709551615" }))),
            ("float", same(json!({ "$float": "1e+16" }))),
            ("text", same(json!("游客 é 😀"))),
            ("bytes", self.by_form(json!({ "$bytes": "/wBo" }), json!({ "$bytes": "/wBo" }), json!("/wBo"))),
            ("no_bytes", self.by_form(json!({ "$bytes": "" }), json!({ "$bytes": "" }), json!(""))),
            ("list", same(json!([1, 256]))),
            ("pair", record(json!({ "$tuple": ["a", 1] }), json!(["a", 1]))),
            ("set", same(json!(["blue", "red"]))),
            ("map", self.by_form(text_keys.clone(), map, text_keys)),
            ("whole", json_text(self, &whole, "2024-01-02T03:04:05Z")),
            (
                "aware",
                self.by_form(
                    whole.clone(),
                    json!({ "$datetime": "2024-01-02T03:04:05.678901+00:00" }),
                    json!("2024-01-02T03:04:05.678901Z"),
                ),
            ),
            (
                "naive",
                record(
                    json!({ "$datetime": "2024-02-29T23:59:58+00:00" }),
                    json!("2024-02-29T23:59:58.999999"),
                ),
            ),
            ("zoned", json_text(self, &whole, "2024-01-02T11:04:05+08:00")),
            ("id", record(json!({ "$uuid": ID }), json!(ID))),
            ("html", record(json!({ "$markup": "<b>&amp;</b>" }), json!("<b>&amp;</b>"))),
            ("any", record(json!({ "$tuple": [null, { "$tuple": [3] }] }), json!([null, [3]]))),
        ]
    }
}

/// The same value everywhere but in JSON records, which have no form for it.
fn json_text(pair: &Pair, value: &Value, text: &str) -> Value {
    pair.by_form(value.clone(), value.clone(), json!(text))
}

#[test]
fn flask_reads_the_python_type_of_each_field_written_here() {
    let redis = Redis::start();
    for pair in Pair::each(&redis) {
        assert_eq!(pair.post("/write"), Status::Ok);
        for (key, expected) in pair.written_here() {
            assert_eq!(pair.flask(&json!([["get", key]])), json!([expected]), "{key}");
        }
    }
}

#[test]
fn each_field_reads_the_python_type_that_flask_wrote() {
    let redis = Redis::start();
    for pair in Pair::each(&redis) {
        let mut ops = json!([
            ["set", "flag", true],
            ["set", "small", -129],
            ["set", "large", { "$int": "18446744073709551615" }],
            ["set", "float", { "$float": "1e+16" }],
            ["set", "text", "游客 é 😀"],
            ["set", "bytes", { "$bytes": "/wBo" }],
            ["set", "no_bytes", { "$bytes": "" }],
            ["set", "list", [1, 256]],
            ["set", "pair", { "$tuple": ["a", 1] }],
            ["set", "set", ["blue", "red"]],
            ["set", "map", { "$dict": [[2, null], [10, true]] }],
            ["set", "whole", { "$datetime": "2024-01-02T03:04:05+00:00" }],
            ["set", "aware", { "$datetime": "2024-01-02T03:04:05.678901+00:00" }],
            ["set", "naive", { "$datetime": "2024-02-29T23:59:58.999999" }],
            ["set", "zoned", { "$datetime": "2024-01-02T11:04:05+08:00" }],
            ["set", "id", { "$uuid": ID }],
            ["set", "html", { "$markup": "<b>&amp;</b>" }],
        ]);
        if pair.form != Form::Cookie {
            // What Flask-Session can't write is text there; only it can write sets.
            ops[9][2] = json!({ "$set": ["red", "blue"] });
            ops[16][2] = json!("<b>&amp;</b>");
        }
        pair.flask(&ops);
        let cut = pair.form == Form::Cookie;
        let (aware, naive) = if cut { ("", "0") } else { (".678901", "999999") };
        let expected = [
            "Ok(true)",
            "Ok(-129)",
            "Ok(18446744073709551615)",
            "Ok(1e16)",
            "Ok(\"游客 é 😀\")",
            "Ok(Bytes([255, 0, 104]))",
            "Some(Bytes([]))",
            "Ok([1, 256])",
            "Ok((\"a\", 1))",
            "Ok({\"blue\", \"red\"})",
            "Ok({2: None, 10: Some(true)})",
            "Some(2024-01-02T03:04:05Z)",
            &format!("Some(2024-01-02T03:04:05{aware}Z)"),
            &format!("Some(2024-02-29 23:59:58.{naive})"),
            "Some(2024-01-02T03:04:05Z)",
            &format!("Some(Uuid({ID}))"),
            "Ok(Markup(\"<b>&amp;</b>\"))",
        ];
        assert_eq!(pair.get("/read").lines().collect::<Vec<_>>(), expected);
        // What Rust wrote reads here as what Flask wrote does.
        pair.jar.clear();
        assert_eq!(pair.post("/write"), Status::Ok);
        assert_eq!(pair.get("/read").lines().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn integers_beyond_64_bits_pass_between_both_except_in_msgpack() {
    let redis = Redis::start();
    for pair in Pair::each(&redis) {
        if pair.form == Form::Msgpack {
            assert_eq!(pair.post("/write_huge"), Status::InternalServerError);
            continue;
        }
        assert_eq!(pair.post("/write_huge"), Status::Ok);
        let seen =
            pair.flask(&json!([["get", "huge"], ["set", "huge", { "$int": "-36893488147419103232" }]]));
        assert_eq!(seen, json!([{ "$int": "18446744073709551616" }]));
        assert_eq!(pair.get("/huge"), "Ok(-36893488147419103232)");
    }
}

#[test]
fn dates_durations_and_decimals_of_flask_are_text() {
    let redis = Redis::start();
    let pair = Pair::start(Form::Msgpack, &redis);
    for (value, text) in [
        (json!({ "$date": "2024-01-02" }), "2024-01-02"),
        (json!({ "$time": "03:04:05" }), "03:04:05"),
        (json!({ "$timedelta": [1, 2, 3] }), "P1DT2.000003S"),
        (json!({ "$decimal": "1.10" }), "1.10"),
    ] {
        pair.flask(&json!([["set", "text", value]]));
        assert_eq!(pair.get("/read").lines().nth(4), Some(&*format!("Ok({text:?})")));
    }
}

#[test]
fn flash_messages_of_both_sides_are_one_queue() {
    let redis = Redis::start();
    for pair in Pair::each(&redis) {
        // Markup has no form in a record, where Flask-Session fails with it.
        let html =
            pair.by_form(json!({ "$markup": "<b>saved</b>" }), json!("<b>saved</b>"), json!("<b>saved</b>"));
        pair.flask(&json!([["flash", html, "info"]]));
        assert_eq!(pair.post("/flash?message=from%20here&category=message"), Status::Ok);
        pair.flask(&json!([["flash", "again"]]));
        let entries = json!([["info", html], ["message", "from here"], ["message", "again"]]);
        let tuples: Value =
            entries.as_array().unwrap().iter().map(|entry| json!({ "$tuple": entry })).collect();
        let queue = pair.by_form(tuples, entries.clone(), entries);
        assert_eq!(pair.flask(&json!([["get", "_flashes"]])), json!([queue]));
        assert_eq!(pair.get("/flashes"), "info: <b>saved</b>\nmessage: from here\nmessage: again");
        assert_eq!(pair.flask(&json!([["get_flashes"], ["contains", "_flashes"]])), json!([[], false]));
    }
}

#[test]
fn flask_shows_what_was_flashed_here_once() {
    let redis = Redis::start();
    for pair in Pair::each(&redis) {
        pair.post("/flash?message=saved&category=info");
        pair.post("/flash?message=twice&category=error");
        let shown = json!([["info", "saved"], ["error", "twice"]]);
        assert_eq!(pair.flask(&json!([["get_flashes"], ["get_flashes"]])), json!([shown, shown]));
        assert_eq!(pair.get("/flashes"), "");
    }
}

#[test]
fn a_flash_message_that_is_no_text_waits_for_flask() {
    let redis = Redis::start();
    for pair in Pair::each(&redis) {
        pair.flask(&json!([["flash", 3], ["flash", "three"], ["flash", { "$dict": [["n", 3]] }, "info"]]));
        assert_eq!(pair.get("/flashes"), "message: three");
        assert_eq!(pair.get("/flashes"), "");
        let others = json!([["message", 3], ["info", { "$dict": [["n", 3]] }]]);
        assert_eq!(pair.flask(&json!([["get_flashes"]])), json!([others]));
    }
}
