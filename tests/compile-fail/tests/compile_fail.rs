//! Every file in `cases/` holds one mistake, after which it is named. The compiler reports it once,
//! in the line that ends in `//~`, and says what to write instead. Where the name says that there are
//! several, each has its mark and its error. `TRYBUILD=overwrite` writes down what the compiler says
//! now; read the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler's words differ from version to version; the cases are written for this one.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn every_mistake_is_explained_as_it_was_written_down() {
    let version = Command::new("rustc").arg("--version").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(
        version.starts_with(RUSTC),
        "the compile-fail cases are written for {RUSTC}x and this is {version}; use the toolchain of rust-toolchain.toml"
    );
    trybuild::TestCases::new().compile_fail("tests/cases/*.rs");
}

#[test]
fn every_mistake_is_one_error_on_the_marked_line() {
    for case in cases() {
        let name = case.display();
        let source = fs::read_to_string(&case).expect("the case is readable");
        let marked: Vec<usize> =
            (1..).zip(source.lines()).filter(|(_, line)| line.ends_with("//~")).map(|(n, _)| n).collect();
        assert!(!marked.is_empty(), "{name}: no line is marked");
        assert_eq!(marked.len() > 1, name.to_string().contains("several"), "{name}: one mistake per file");

        let stderr = fs::read_to_string(case.with_extension("stderr")).expect("what is said is written down");
        let mut reported: Vec<usize> = stderr.split("\n\n").filter_map(place_of_error).collect();
        reported.sort_unstable();
        assert_eq!(reported, marked, "{name}: the errors are not in the marked lines");
        assert!(!stderr.contains("warning"), "{name}: generated code has warnings");
    }
}

/// Cases that are worded by rustc alone and do not say what to write, or hold several mistakes on purpose.
const NOT_JUDGED: [&str; 15] = [
    "guard_field_is_private_in_the_state",
    "guard_has_several_mistakes",
    "guard_is_built_by_hand",
    "guard_is_built_with_a_made_up_proof",
    "guard_is_more_visible_than_its_state",
    "session_option_stands_outside_a_state",
    "state_accessor_is_private",
    "state_derives_serialize_above",
    "state_field_is_assigned",
    "state_has_several_mistakes",
    "state_is_more_visible_than_its_listed_ids",
    "state_is_more_visible_than_its_user",
    "user_source_borrows_without_a_lifetime",
    "user_source_has_no_lifetime",
    "user_stamp_is_a_number",
];

/// A text that says what to do has one of these: rustc's own words for a suggestion, or a verb.
const ADVICE: [&str; 21] = [
    "the options are",
    "help: ",
    "= note: ",
    "expected `",
    "did you mean",
    "write",
    "leave ",
    "place it ABOVE",
    "choose another",
    "rename",
    "keep one",
    "own the value",
    "name a ",
    "named fields",
    "belongs above a struct",
    "free functions",
    "build one upon the other",
    "ask inside it",
    "belong to the guard's struct",
    " takes ",
    "is `FieldError`",
];

#[test]
fn every_mistake_is_explained_by_what_to_write() {
    for case in cases() {
        let name = case.file_stem().and_then(|name| name.to_str()).expect("a name in UTF-8");
        let stderr = fs::read_to_string(case.with_extension("stderr")).expect("what is said is written down");
        // That a macro had its share, as rustc says then, is not advice.
        let said: Vec<&str> =
            stderr.lines().filter(|line| !line.contains("this error originates in")).collect();
        let advises = ADVICE.iter().any(|advice| said.iter().any(|line| line.contains(advice)));
        assert!(advises || NOT_JUDGED.contains(&name), "{name} does not say what to write:\n{stderr}");
    }
}

/// The line of the first place that an error names; `None` for a paragraph that is not an error.
fn place_of_error(paragraph: &str) -> Option<usize> {
    let place = paragraph.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    paragraph.starts_with("error").then(|| place.split(':').nth(1)?.parse().ok()).flatten()
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the folder is readable")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "there are no cases");
    cases
}
