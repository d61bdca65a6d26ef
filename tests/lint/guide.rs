//! The rules in the guide are those of the program.

use std::fs;
use std::path::Path;

use manage::lint::guide_table;

#[test]
fn the_guide_lists_every_rule_with_its_safe_way() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/lint.md");
    let page = fs::read_to_string(&file).expect("the page is there");
    let (text, _) = page.split_once("## Rules\n").expect("the page has the section");
    let expected = format!("{text}## Rules\n\n{}", guide_table());
    if page == expected {
        return;
    }
    if std::env::var_os("UPDATE_REFERENCE").is_some_and(|value| !value.is_empty()) {
        fs::write(&file, expected).expect("the page is ours");
        return;
    }
    panic!("the rules in docs/guide/lint.md are not those of the program; UPDATE_REFERENCE=1 writes them anew");
}
