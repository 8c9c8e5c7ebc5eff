//! No promise is without its test, and what forbids panics is switched on.

use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// All files below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

/// The promises of the library, and the tests that fail where it is not kept.
const PROMISES: [(&str, &[&str]); 17] = [
    (
        "a request that touches no session is served as if there were none",
        &["a_request_that_touches_no_session_does_and_says_nothing"],
    ),
    (
        "a cookie that can't be ours costs no store access",
        &["a_cookie_that_can_not_be_ours_costs_no_store_access"],
    ),
    ("no id but ours becomes a session", &["an_id_that_the_store_does_not_know_is_never_adopted"]),
    ("the number of store calls is fixed", &["a_read_costs_one_call_a_write_two_a_login_four"]),
    ("what did not change is not written", &["nothing_is_written_that_did_not_change"]),
    (
        "parallel requests lose nothing",
        &[
            "two_requests_that_change_different_fields_both_survive",
            "four_hundred_increments_are_four_hundred",
        ],
    ),
    (
        "what has ended does not come back",
        &[
            "a_late_write_brings_no_ended_session_back",
            "a_rotation_brings_no_ended_session_back",
            "a_late_reader_keeps_its_answer_and_revives_nothing",
            "nobody_comes_back_in_any_order_of_store_calls",
        ],
    ),
    (
        "a login changes the id, and nothing changes hands",
        &[
            "logging_in_gives_a_new_id_and_the_old_one_is_dead",
            "nothing_of_one_user_reaches_another",
            "the_new_record_is_there_before_the_old_one_goes",
            "a_write_acknowledged_during_a_rotation_is_in_the_new_record",
            "nothing_changes_hands_in_any_order_of_store_calls",
        ],
    ),
    (
        "a store that is down is an error, never an anonymous visitor",
        &["a_store_that_does_not_work_is_a_503_and_changes_nothing"],
    ),
    (
        "a save that failed is not a success",
        &[
            "a_save_that_fails_is_an_error_and_a_200_has_been_saved",
            "a_cookie_that_browsers_drop_is_an_error_that_names_its_largest_field",
        ],
    ),
    (
        "a change after the response began is saved or logged",
        &["a_change_after_the_response_began_is_saved_or_logged"],
    ),
    (
        "an error response keeps the session, a panic saves nothing",
        &["the_cookie_survives_an_error_and_a_panic_saves_nothing"],
    ),
    ("ids and values are never shown", &["ids_and_values_appear_in_no_log_and_on_no_error_page"]),
    ("Flask and Rocket share sessions", &["a_session_of_flask_logs_in_here_and_the_other_way_round"]),
    (
        "a wrong configuration does not launch",
        &[
            "a_wrong_configuration_does_not_launch",
            "a_store_that_can_not_be_reached_does_not_launch",
            "five_mistakes_are_reported_at_once_each_with_its_place",
        ],
    ),
    (
        "a missing fairing does not launch",
        &[
            "a_missing_fairing_does_not_launch",
            "a_guard_of_ones_own_that_hides_ours_answers_500_without_the_fairing",
        ],
    ),
    (
        "nothing that a visitor sends makes a request fail",
        &["no_cookie_makes_a_request_fail", "what_can_panic_is_denied_and_every_exception_has_its_reason"],
    ),
];

/// All tests of the workspace and of the Python package, as text.
fn sources() -> String {
    let folders =
        ["tests/tests", "session-core/tests", "session-core/src", "rocket-integration/src", "examples"];
    let sources = folders.iter().flat_map(|folder| files(&workspace().join(folder), "rs"));
    let python = files(&workspace().join("flask-companion/tests"), "py");
    sources.chain(python).map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// Whether there is a test of this name.
fn has_test(sources: &str, name: &str) -> bool {
    ["fn", "def"].iter().any(|word| sources.contains(&format!("{word} {name}(")))
}

#[test]
fn each_promise_has_its_tests() {
    let sources = sources();
    for (promise, tests) in PROMISES {
        assert!(!tests.is_empty(), "{promise}");
        for test in tests {
            assert!(has_test(&sources, test), "{promise}: there is no test {test}");
        }
    }
}

/// The names of tests in a text.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2).map(|name| name.rsplit("::").next().unwrap_or(name));
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    quoted.filter(is_name).filter(|name| name.matches('_').count() > 3).collect()
}

/// A page that names tests which do not exist proves nothing.
#[test]
fn each_test_that_a_page_names_exists() {
    let sources = sources();
    for page in ["docs/consistency.md", "docs/security-review.md"] {
        let page = fs::read_to_string(workspace().join(page)).unwrap();
        let named = named(&page);
        assert!(named.len() > 15, "{named:?}");
        for name in named {
            assert!(has_test(&sources, name), "there is no test {name}");
        }
    }
}

#[test]
fn the_page_for_a_security_review_answers_each_question_with_a_test_or_leaves_it_to_others() {
    let page = fs::read_to_string(workspace().join("docs/security-review.md")).unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit());
    let mut numbers: Vec<u32> = Vec::new();
    for row in page.lines().filter(is_row) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, _, verdict, _, tests] = cells[..] else { panic!("{row}") };
        let says = |word| verdict.contains(word);
        let is_met = says("**yes") || says("**by option**");
        assert!(is_met || says("**yours**"), "{row}");
        assert!(!named(tests).is_empty() || !is_met, "{row}");
        numbers.push(number.parse().unwrap());
    }
    assert_eq!(numbers, (1..=41).collect::<Vec<_>>());
}

#[test]
fn what_can_panic_is_denied_and_every_exception_has_its_reason() {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    for lint in ["unwrap_used", "expect_used", "panic", "indexing_slicing"] {
        assert!(manifest.contains(&format!("\n{lint} = \"deny\"")), "{lint}");
    }
    assert!(manifest.contains("\nunsafe_code = \"forbid\""));
    for package in ["session-core", "session-conformance", "session-macros", "rocket-integration"] {
        let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{package} has lints of its own");
        for source in files(&workspace().join(package).join("src"), "rs") {
            let text = fs::read_to_string(&source).unwrap();
            for exception in text.split("allow(clippy::").skip(1).chain(text.split("expect(clippy::").skip(1))
            {
                let (attribute, _) = exception.split_once(")]").unwrap_or((exception, ""));
                assert!(attribute.contains("reason = "), "{}: {attribute}", source.display());
            }
        }
    }
}
