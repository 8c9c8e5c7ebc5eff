//! The real Flask and Flask-Session on the same sessions.
mod accounting;
mod addresses;
mod csrf;
mod files;
mod flask_login;
mod fuzz;
mod lifetimes;
mod lists;
mod lists_of_both;
mod pair;
mod payload;
mod pickles;
mod probe;
mod records;
mod refused;
mod rotation;
mod scenarios;
mod types;
mod untouched;

use serde_json::json;
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::storage::Cookie;

#[test]
fn the_flask_twin_reads_every_typed_value_as_it_was_written() {
    let twin = Flask::probe(&Cookie, &json!({ "SECRET_KEY": "dev-secret-key" }));
    let value = json!([
        null,
        true,
        "游客 😀",
        9_007_199_254_740_991_u64,
        { "$int": "9007199254740992" },
        { "$int": "-123456789012345678901234567890" },
        { "$float": "1.0" },
        { "$float": "-0.0" },
        { "$float": "1e+300" },
        { "$float": "inf" },
        { "$bytes": "AP8=" },
        { "$dict": [["a", { "$dict": [] }], [1, { "$tuple": [1, "b"] }]] },
        { "$set": [1] },
        { "$datetime": "2024-01-02T03:04:05.000006+02:00" },
        { "$datetime": "2024-01-02T03:04:05" },
        { "$date": "2024-01-02" },
        { "$time": "03:04:05" },
        { "$timedelta": [-1, 86399, 5] },
        { "$uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8" },
        { "$markup": "<b>" },
        { "$decimal": "1.50" },
        { "$ext": [5, "AQI="] },
    ]);
    // The session is thrown away again, since no format holds all of these.
    let ops = json!({ "ops": [["set", "v", value], ["get", "v"], ["clear"]] });
    let answer = Client::new(&twin.url()).post("/ops").json(&ops).send();
    assert_eq!(answer.json(), json!({ "results": [value] }), "{}", twin.output());
}

#[test]
fn the_flask_twin_serves_the_typed_fields_and_the_routes_for_load() {
    let redis = Redis::start();
    let config = json!({ "SECRET_KEY": "dev-secret-key" });
    for twin in
        [Flask::probe(&Cookie, &config), Flask::probe(&redis, &config), Flask::companion(&redis, &config)]
    {
        let visitor = Client::with_jar(&twin.url(), &Jar::default());
        let change =
            json!({ "login": "游客", "add_counter": 2, "tag": "t", "high": 7, "a": "x", "items": 20 });
        let fields = json!({
            "username": "游客", "counter": 2, "tags": ["t"], "high": 7,
            "strict": null, "a": "x", "b": null, "cart": 20,
        });
        assert_eq!(visitor.post("/typed").json(&change).send().json(), fields);
        assert_eq!(visitor.get("/typed").send().json(), fields);
        assert_eq!(visitor.get("/member").send().text(), "游客");
        assert_eq!(visitor.get("/count_slow").send().text(), "3");
        assert_eq!(visitor.get("/set_b?v=y").send().status, 200);
        assert_eq!(visitor.get("/state").send().json(), json!({ "counter": 3, "a": "x", "b": "y" }));
        visitor.post("/typed").json(&json!({ "logout": true })).send();
        assert_eq!(visitor.get("/member").send().status, 401);
        let sent_on = visitor.get("/member").header("Accept", "text/html").send();
        assert_eq!((sent_on.status, sent_on.header("location")), (303, Some("/sign-in?next=/member")));
        assert_eq!(visitor.get("/untouched").send().text(), "ok");
    }
}
