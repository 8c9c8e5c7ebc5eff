//! The links of a Markdown document, and the paths that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A document without its code blocks, and the links in it.
pub(crate) struct Document {
    /// Its path from the root of the repository.
    pub(crate) path: String,
    /// Relative targets of links that are written in place, `[text](target)`.
    pub(crate) inline: Vec<String>,
    /// Targets of `[label]: target`, by label.
    pub(crate) definitions: BTreeMap<String, String>,
    /// Spans of code.
    pub(crate) code: Vec<String>,
    /// All else.
    text: String,
}

impl Document {
    /// Reads the document at `path`, which is relative to `root`.
    pub(crate) fn read(root: &Path, path: &str) -> Document {
        let source = fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (prose, code) = without_code(&source);
        let (mut text, mut definitions) = (String::new(), BTreeMap::new());
        for line in prose.lines() {
            match definition(line) {
                Some((label, target)) => drop(definitions.insert(label.to_owned(), target.to_owned())),
                None => text.extend([line, "\n"]),
            }
        }
        let inline = text
            .split("](")
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap_or_default())
            .filter(|target| !target.contains("://"))
            .map(str::to_owned)
            .collect();
        Document { path: path.to_owned(), inline, definitions, code, text }
    }

    /// Whether the text refers to a label, as `[label]` or `[text][label]`.
    pub(crate) fn uses(&self, label: &str) -> bool {
        let reference = format!("[{label}]");
        self.text.split(&reference).skip(1).any(|after| !after.starts_with('['))
    }

    /// The files that the document links to, from the root of the repository.
    pub(crate) fn relative_targets(&self) -> Vec<String> {
        self.targets().into_iter().map(|(file, _)| file).collect()
    }

    /// The places within files that the document links to.
    pub(crate) fn fragments(&self) -> Vec<(String, String)> {
        self.targets().into_iter().filter_map(|(file, fragment)| Some((file, fragment?))).collect()
    }

    /// The anchors that are written as HTML.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let after = self.text.split("id=\"").skip(1);
        after.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    }

    /// Whether `fragment` is the name of a heading, or of an anchor written as HTML.
    pub(crate) fn has_anchor(&self, fragment: &str) -> bool {
        self.anchors().iter().any(|anchor| anchor == fragment)
            || self.text.lines().any(|line| line.starts_with('#') && slug(line) == fragment)
    }

    fn targets(&self) -> Vec<(String, Option<String>)> {
        let written = self.inline.iter().chain(self.definitions.values());
        written.filter(|target| !target.contains("://")).map(|target| self.resolve(target)).collect()
    }

    fn resolve(&self, target: &str) -> (String, Option<String>) {
        let (file, fragment) = match target.split_once('#') {
            Some((file, fragment)) => (file, Some(fragment.to_owned())),
            None => (target, None),
        };
        if file.is_empty() {
            return (self.path.clone(), fragment);
        }
        let mut parts: Vec<&str> = self.path.split('/').collect();
        parts.pop();
        for part in file.split('/') {
            match part {
                ".." => drop(parts.pop()),
                "." | "" => {}
                part => parts.push(part),
            }
        }
        (parts.join("/"), fragment)
    }
}

/// The label and the target of a line such as `[label]: target`.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, target) = line.strip_prefix('[')?.split_once("]: ")?;
    (!label.contains(']') && !target.contains(' ')).then_some((label, target))
}

/// Returns the text without fenced blocks and spans of code, in which brackets are not links; and those spans.
fn without_code(source: &str) -> (String, Vec<String>) {
    let (mut text, mut code) = (String::new(), Vec::new());
    let mut in_block = false;
    for line in source.lines() {
        let fence = line.trim_start().starts_with("```");
        if fence || in_block {
            in_block ^= fence;
            continue;
        }
        text.extend(line.split('`').step_by(2));
        text.push('\n');
        code.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    (text, code)
}

/// The anchor of a heading, as Markdown renderers make it.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
