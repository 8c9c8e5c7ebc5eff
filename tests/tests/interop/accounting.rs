//! Which test reads which of the reference vectors, so that none is forgotten.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The tests that look at the vectors of a kind, by file and name; each reads all vectors of the kind.
struct By(&'static [(&'static str, &'static str)]);

const FORMATS: &str = "session-core/tests/formats/vectors.rs";
const WIRE: &str = "session-core/tests/wire/python.rs";
const STORES: &str = "session-core/tests/stores/redis_store.rs";
const MEMCACHED: &str = "session-core/tests/stores/memcached_store.rs";
const MONGODB: &str = "session-core/tests/stores/mongodb_store.rs";
const FILES: &str = "session-core/tests/stores/file_store.rs";
const PICKLES: &str = "session-core/tests/formats/pickle/files.rs";
const SCENARIOS: &str = "tests/tests/interop/scenarios/mod.rs";
const ROWS: &str = "tests/tests/every_store/rows.rs";
const RECORDS: &str = "tests/tests/interop/records.rs";

const KINDS: [(&str, usize, By); 15] = [
    (
        "cachelib_file",
        7,
        By(&[
            (FILES, "files_are_those_of_cachelib"),
            (PICKLES, "cachelibs_pickles_are_read"),
            (PICKLES, "cachelibs_records_are_read_and_written"),
        ]),
    ),
    (
        "cachelib_file_decode",
        14,
        By(&[
            (FILES, "files_live_and_end_as_for_cachelib"),
            (PICKLES, "what_cachelib_can_not_read_is_refused"),
            (PICKLES, "records_in_files_load_as_in_flask_session"),
        ]),
    ),
    (
        "flask_cookie",
        157,
        By(&[
            (WIRE, "cookies_are_accepted_and_refused_as_by_flask"),
            (WIRE, "cookies_are_signed_as_by_flask"),
            (FORMATS, "cookie_contents_are_those_of_flask"),
        ]),
    ),
    ("flask_session_id", 16, By(&[(WIRE, "ids_are_signed_and_verified_as_by_flask_session")])),
    (
        "http_scenario",
        65,
        By(&[
            (SCENARIOS, "the_flask_twin_answers_every_scenario_as_the_vectors_say"),
            (SCENARIOS, "the_probe_answers_every_scenario_as_the_vectors_say_but_for_what_is_deliberate"),
        ]),
    ),
    ("memcached_item", 6, By(&[(MEMCACHED, "records_are_stored_exactly_as_flask_session_stores_them")])),
    ("mongo_document", 2, By(&[(MONGODB, "documents_are_those_of_flask_session")])),
    ("parse_cookie", 18, By(&[(WIRE, "cookie_headers_are_read_as_by_werkzeug")])),
    // Those in pickle need the feature of that name.
    ("record_decode", 39, By(&[(FORMATS, "stored_records_load_as_in_flask_session")])),
    ("record_json", 35, By(&[(FORMATS, "json_records_are_those_of_msgspec")])),
    ("record_msgpack", 47, By(&[(FORMATS, "msgpack_records_are_those_of_msgspec")])),
    (
        "redis_item",
        4,
        By(&[
            (STORES, "records_are_stored_exactly_as_flask_session_stores_them"),
            (RECORDS, "a_session_of_the_probe_is_the_item_that_flask_session_stores"),
        ]),
    ),
    ("set_cookie", 28, By(&[(WIRE, "set_cookie_lines_are_werkzeugs")])),
    ("sql_expiry", 6, By(&[(ROWS, "a_row_is_alive_exactly_when_it_is_to_flask_session")])),
    ("sql_row", 3, By(&[(ROWS, "rows_and_table_are_those_of_flask_session")])),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_vector_is_read_by_a_test() {
    let text = fs::read_to_string(workspace().join("tests/vectors/flask-vectors.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in file["vectors"].as_array().unwrap() {
        *held.entry(vector["kind"].as_str().unwrap()).or_default() += 1;
    }
    let listed: BTreeMap<&str, usize> = KINDS.iter().map(|(kind, count, _)| (*kind, *count)).collect();
    assert_eq!(held, listed);
    assert_eq!(held.values().sum::<usize>(), 447);

    for (kind, _, By(tests)) in &KINDS {
        for (file, test) in *tests {
            let source = fs::read_to_string(workspace().join(file)).unwrap();
            assert!(source.contains(&format!("fn {test}()")), "{kind}: no {test} in {file}");
            assert!(source.contains(&format!("\"{kind}\"")) || *kind == "http_scenario", "{kind}: {file}");
        }
    }
}
