//! The guide's tables of keys are compared with the keys that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};

use super::{SessionConfig, from_figment};
use crate::settings::report::Report;
use crate::settings::table::Settings;

const BEGIN: &str = "<!-- keys: begin -->";
const END: &str = "<!-- keys: end -->";

/// Returns the files below a folder that have the tables, wherever they have been moved.
fn files_with_tables(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let file_type = entry.file_type().unwrap();
        if file_type.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files_with_tables(&path));
        } else if file_type.is_file() && name.ends_with(".md") {
            found.extend(fs::read_to_string(&path).unwrap().contains(BEGIN).then_some(path));
        }
    }
    found
}

/// Returns the rows of the tables: key and default.
fn documented() -> Vec<(String, String)> {
    let files = files_with_tables(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let [file] = &files[..] else { panic!("{BEGIN} should stand in one file, not in {files:?}") };
    let text = fs::read_to_string(file).unwrap();
    let tables = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).unwrap().0;
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let key = cells.next()?.strip_suffix('`')?;
        Some((key.to_owned(), cells.next()?.to_owned()))
    };
    tables.lines().filter_map(row).collect()
}

#[test]
fn the_guide_has_every_key_once_and_no_other() {
    let rows = documented();
    let in_guide: BTreeSet<_> = rows.iter().map(|(key, _)| key.as_str()).collect();
    let known: BTreeSet<_> = SessionConfig::keys().iter().map(|key| key.name).collect();
    assert_eq!(in_guide, known);
    assert_eq!(rows.len(), known.len(), "a key stands there twice");
}

#[test]
fn every_default_in_the_guide_reads_as_the_default() {
    let default = format!("{:?}", SessionConfig::default());
    for key in SessionConfig::keys() {
        let (_, cell) = documented().into_iter().find(|(name, _)| name == key.name).unwrap();
        if (key.default)() == "None" {
            // In words, where the default depends on something else.
            continue;
        }
        let value = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(&cell);
        let figment = Figment::from(Toml::string(&format!("{} = {value}", key.name)));
        let mut report = Report::default();
        let config = from_figment::read(&figment, true, &mut report).unwrap();
        assert_eq!(format!("{config:?}"), default, "{} = {value}", key.name);
        report.finish().unwrap();
    }
}
