//! The examples of the documentation, as its reader sees them.

use std::fs;
use std::path::{Path, PathBuf};

/// A line of an example that rustdoc does not hide, and where it stands: `file:line`.
pub(crate) struct ShownLine {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// The shown lines of all examples in the documents and doc comments below `path`.
pub(crate) fn shown_lines(path: &Path) -> Vec<ShownLine> {
    documents_below(path).iter().flat_map(|document| shown_lines_of(document)).collect()
}

fn documents_below(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        return fs::read_dir(path)
            .unwrap()
            .flat_map(|entry| documents_below(&entry.unwrap().path()))
            .collect();
    }
    let is_document = path.extension().is_some_and(|extension| extension == "rs" || extension == "md");
    if is_document { vec![path.to_owned()] } else { Vec::new() }
}

fn shown_lines_of(document: &Path) -> Vec<ShownLine> {
    let source = fs::read_to_string(document).unwrap();
    let is_code = document.extension().is_some_and(|extension| extension == "rs");
    let mut in_example = false;
    let mut shown = Vec::new();
    for (number, line) in (1..).zip(source.lines().map(str::trim_start)) {
        // An example that is tried only with some features begins in an attribute.
        in_example |= is_code && line.starts_with("#[cfg_attr(") && line.contains("doc = \"```");
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(text) = (if is_code { comment } else { Some(line) }) else { continue };
        let text = text.trim_start();
        if text.starts_with("```") {
            in_example = !in_example;
        } else if in_example && !text.starts_with("# ") {
            shown
                .push(ShownLine { place: format!("{}:{number}", document.display()), text: text.to_owned() });
        }
    }
    shown
}
