//! The documents: every link leads somewhere, in the repository, in the published package and on its documentation page,
//! and every path that is named exists.
mod examples;
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use examples::shown_lines;
use links::Document;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The documents that users read: the README, which is the crate's page, and the pages of the guide.
fn pages() -> Vec<Document> {
    let mut pages = vec![Document::read(&root(), "README.md")];
    let mut names: Vec<_> =
        fs::read_dir(root().join("docs")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    pages.extend(
        names.iter().map(|name| Document::read(&root(), &format!("docs/{}", name.to_str().unwrap()))),
    );
    pages
}

/// The documents that only the repository has.
fn others() -> Vec<Document> {
    let mut others: Vec<_> =
        ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md", "fuzz/README.md"]
            .into_iter()
            .chain(["session-conformance/README.md", "session-core/README.md", "session-macros/README.md"])
            .chain(["flask-companion/README.md"])
            .map(|path| Document::read(&root(), path))
            .collect();
    for example in fs::read_dir(root().join("examples")).unwrap() {
        let path = format!("examples/{}/README.md", example.unwrap().file_name().to_str().unwrap());
        others.push(Document::read(&root(), &path));
    }
    others
}

/// The labels that the guide defines before each page, and the modules they lead to.
fn labels_of_the_guide() -> BTreeMap<String, String> {
    let definitions = Document::read(&root(), "rocket-integration/src/guide/links.md");
    definitions.definitions.into_iter().collect()
}

#[test]
fn every_relative_link_leads_to_a_file_of_the_repository() {
    for document in pages().iter().chain(&others()) {
        for target in document.relative_targets() {
            assert!(
                root().join(&target).exists(),
                "{} links to {target}, which does not exist",
                document.path
            );
        }
    }
}

#[test]
fn every_path_that_is_named_exists() {
    let folders: BTreeSet<_> =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let is_path = |span: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let folder = span.split_once('/').map_or("", |(folder, _)| folder);
        span.chars().all(plain) && folder != "target" && folders.contains(OsStr::new(folder))
    };
    for document in pages().iter().chain(&others()) {
        for path in document.code.iter().filter(|span| is_path(span)) {
            assert!(root().join(path).exists(), "{} names {path}, which does not exist", document.path);
        }
    }
}

#[test]
fn every_fragment_names_an_anchor_of_its_page() {
    for document in pages().iter().chain(&others()) {
        for (target, fragment) in document.fragments() {
            let page = Document::read(&root(), &target);
            assert!(page.has_anchor(&fragment), "{} links to {target}#{fragment}", document.path);
        }
    }
}

#[test]
fn no_anchor_stands_twice_in_a_document() {
    for document in pages().iter().chain(&others()) {
        let mut seen = BTreeSet::new();
        for anchor in document.anchors() {
            assert!(seen.insert(anchor.clone()), "{} has {anchor:?} twice", document.path);
        }
    }
}

#[test]
fn every_relative_link_of_a_page_leads_to_a_file_of_the_package() {
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let listed = Command::new(cargo)
        .args(["package", "--list", "--allow-dirty", "--offline", "--package", "rocket_session_state"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let files: BTreeSet<&str> = std::str::from_utf8(&listed.stdout).unwrap().lines().collect();
    for document in pages() {
        assert!(files.contains(document.path.as_str()), "{} is not in the package", document.path);
        for target in document.relative_targets() {
            assert!(
                files.contains(target.as_str()),
                "{} links to {target}: not in the package",
                document.path
            );
        }
    }
}

/// On the documentation page the guide's labels win over the page's own, so a link has to be one of them.
#[test]
fn every_relative_link_of_a_page_is_a_label_of_the_guide() {
    let labels = labels_of_the_guide();
    for document in pages() {
        assert!(document.inline.is_empty(), "{} has inline links: {:?}", document.path, document.inline);
        for (label, target) in &document.definitions {
            let module = labels.get(label).unwrap_or_else(|| panic!("{}: no page {label}", document.path));
            let expected = match target.rsplit('/').next().unwrap() {
                "README.md" => "crate::guide".to_owned(),
                file => format!("crate::guide::{}", file.trim_end_matches(".md").replace('-', "_")),
            };
            assert_eq!(*module, expected, "{}: [{label}]", document.path);
        }
        for label in labels.keys() {
            let (used, defined) = (document.uses(label), document.definitions.contains_key(label));
            assert_eq!(used, defined, "{}: [{label}] has to be used and defined, or neither", document.path);
        }
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let contents = Document::read(&root(), "docs/README.md");
    for document in pages() {
        if document.path.starts_with("docs/") && document.path != contents.path {
            assert!(contents.relative_targets().contains(&document.path), "{} is not listed", document.path);
        }
    }
}

#[test]
fn the_readme_is_short() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 120, "{} lines", readme.lines().count());
}

/// The page has all of the file but the comment at its top; what the file needs of the rest of the example is hidden.
#[test]
fn the_session_side_of_the_accounts_example_is_printed_as_it_is_and_short() {
    let file = fs::read_to_string(root().join("examples/accounts/src/session.rs")).unwrap();
    assert!(file.lines().count() <= 60, "{} lines", file.lines().count());
    let shown = shown_lines(&root().join("docs/login-application.md"));
    let shown: Vec<_> = shown.iter().map(|line| &*line.text).filter(|line| !line.is_empty()).collect();
    let code = file.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//!"));
    assert_eq!(shown, code.collect::<Vec<_>>());
}

/// But for its comment, which the text around it says.
#[test]
fn the_class_that_lets_flask_have_a_cluster_is_the_one_that_the_tests_run() {
    let page = fs::read_to_string(root().join("docs/more-than-one-machine.md")).unwrap();
    let (_, shown) = page.split_once("```python\n").unwrap();
    let (shown, _) = shown.split_once("```\n").unwrap();
    let (imports, class) = shown.split_once("\n\n\n").unwrap();
    let program = fs::read_to_string(root().join("tests/flask/probe.py")).unwrap();
    assert!(program.contains(&format!("\n{imports}\n")), "{imports}");
    let (_, run) = program.split_once("\nclass ClusterAsRedis").unwrap();
    let run = run.split("\n\n\n").next().unwrap();
    let (head, rest) = run.split_once('\n').unwrap();
    let (_, rest) = rest.split_once("\"\"\"\n\n").unwrap();
    assert_eq!(class.trim_end(), format!("class ClusterAsRedis{head}\n{rest}").trim_end());
}

/// Users know one crate: what they see of an example has to compile in their application.
#[test]
fn no_example_shows_the_name_of_an_internal_crate() {
    let internal = ["session_state_core", "session_state_codegen", "session_state_conformance"];
    for folder in
        ["README.md", "docs", "rocket-integration/src", "session-core/src", "session-conformance/src"]
    {
        let shown = shown_lines(&root().join(folder));
        assert!(shown.len() > 10, "{folder} has examples");
        for line in shown {
            assert!(!internal.iter().any(|name| line.text.contains(name)), "{}: {}", line.place, line.text);
        }
    }
}
