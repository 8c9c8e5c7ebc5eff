//! Every file in `cases/` holds one mistake, after which it is named. The compiler reports it once,
//! in the line that ends in `//~`, and says what to write instead. Where the name says that there are
//! several, each has its mark and its error. `TRYBUILD=overwrite` writes down what the compiler says
//! now; read the difference before it is committed.

#![allow(clippy::expect_used, reason = "a test may panic, outside its own function too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the compiler says differs from version to version; the cases are written for this one.
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

/// The line of the first place that an error names; `None` for what is no error.
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
