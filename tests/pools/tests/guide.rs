//! The guide shows these pages as they are.

use std::fs;
use std::path::Path;

#[test]
fn the_page_on_pools_shows_each_file_as_it_is() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(here.join("../../docs/own-pool.md")).unwrap();
    let mut shown = 0;
    for file in fs::read_dir(here.join("src")).unwrap() {
        let path = file.unwrap().path();
        if !path.ends_with("lib.rs") {
            let code = fs::read_to_string(&path).unwrap();
            // Without the line that says what the file is, and the empty one behind it.
            let (_, code) = code.split_once("\n\n").unwrap();
            assert!(
                page.contains(&format!("\n{code}```\n")),
                "docs/own-pool.md shows another {}",
                path.display()
            );
            shown += 1;
        }
    }
    assert_eq!(
        shown,
        page.matches("```rs").count() - 1,
        "a block that is of no file, beside that of rocket_db_pools"
    );
}
