//! No invariant is without its test, and what forbids panics is switched on.

use std::collections::BTreeSet;
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

#[test]
fn each_of_the_seventeen_invariants_has_its_test() {
    let folders = ["tests/tests", "session-core/tests"].map(|folder| workspace().join(folder));
    let sources = folders.iter().flat_map(|folder| files(folder, "rs"));
    let mut proven = BTreeSet::new();
    for source in sources {
        for line in fs::read_to_string(source).unwrap().lines() {
            if let Some((_, rest)) = line.split_once("fn invariant_")
                && let Some(number) = rest.get(..2).and_then(|number| number.parse::<u8>().ok())
            {
                proven.insert(number);
            }
        }
    }
    let missing: Vec<u8> = (1..=17).filter(|number| !proven.contains(number)).collect();
    assert!(missing.is_empty(), "no test is named after the invariants {missing:?}");
}

/// A page that names tests which do not exist proves nothing.
#[test]
fn each_test_that_the_page_on_consistency_names_exists() {
    let page = fs::read_to_string(workspace().join("docs/consistency.md")).unwrap();
    let folders = ["tests/tests", "session-core/tests"].map(|folder| workspace().join(folder));
    let sources: String = folders
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let quoted = page.split('`').skip(1).step_by(2).map(|name| name.rsplit("::").next().unwrap_or(name));
    let named: Vec<&str> = quoted.filter(|name| name.matches('_').count() > 3).collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

#[test]
fn invariant_17_what_can_panic_is_denied_and_every_exception_has_its_reason() {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    for lint in ["unwrap_used", "expect_used", "panic", "indexing_slicing"] {
        assert!(manifest.contains(&format!("\n{lint} = \"deny\"")), "{lint}");
    }
    assert!(manifest.contains("\nunsafe_code = \"forbid\""));
    for package in ["session-core", "session-macros", "rocket-integration"] {
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
