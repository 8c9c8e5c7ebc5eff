//! The cost of reading in the browser: what is not said can't overtake anything, and keeps no page from a cache.

use serde_json::json;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::storage::Storage;

use crate::probe;

on_stores!(all, a_hundred_reads_of_a_young_session_set_no_cookie);

fn a_hundred_reads_of_a_young_session_set_no_cookie(storage: Storage) {
    let engine = &*storage;
    let app = probe(&engine.rocket_toml()).start();
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    assert_eq!(visitor.get("/login?name=momo&items=3").send().set_cookies().len(), 1, "{}", app.output());
    for n in 0..25 {
        let dump = visitor.post("/ops").json(&json!({ "ops": [["dump"]] }));
        let reads = [visitor.get("/read"), visitor.get("/typed"), visitor.get("/member"), dump];
        for (which, read) in reads.into_iter().enumerate() {
            let answer = read.send();
            assert_eq!(answer.status, 200, "{engine}, {n}, {which}: {}", app.output());
            assert!(answer.text().contains("momo"), "{engine}, {n}, {which}: {answer:?}");
            assert_eq!(answer.set_cookies(), [""; 0], "{engine}, {n}, {which}");
        }
    }
}
