//! Pages of the reference that are written by hand name everything that there is.

use std::collections::BTreeSet;
use std::path::Path;

use manage::project::Config;

use super::page::{prose, read};
use crate::support::*;

#[test]
fn the_example_of_manage_toml_is_read_without_a_complaint() {
    let page = read("docs/reference/manage-toml.md");
    let example = block_with(&page, "[environments.production]");

    let config = Config::parse(Path::new("manage.toml"), example.as_bytes()).unwrap_or_else(|error| panic!("{error}"));

    assert!(config.database.url.is_some() && config.migrations.layout.is_some() && config.environments["production"].protected);
}

#[test]
fn every_key_of_manage_toml_is_in_the_page() {
    let page = read("docs/reference/manage-toml.md");
    // What the reader of the file expects where it meets a key that it does not know.
    for (section, text) in [
        ("", "nonsense = 1\n"),
        ("database", "[database]\nnonsense = 1\n"),
        ("migrations", "[migrations]\nnonsense = 1\n"),
        ("lint", "[lint]\nnonsense = 1\n"),
        ("scripts", "[scripts]\nnonsense = 1\n"),
        ("patches", "[patches]\nnonsense = 1\n"),
        ("tenancy", "[tenancy]\nnonsense = 1\n"),
        ("tenancy.tables", "[tenancy.tables]\nx = { nonsense = 1 }\n"),
        ("environments.NAME", "[environments.x]\nurl = \"a\"\nnonsense = 1\n"),
    ] {
        let expected = expected_in(text);
        assert!(!expected.is_empty(), "[{section}] takes any key");
        for key in expected {
            let shown = if section.is_empty() { format!("[{key}") } else { format!("| `{key}` |") };
            let part = if section.is_empty() { page.as_str() } else { section_of(&page, &format!("[{section}]")) };
            assert!(part.contains(&shown), "`{key}` of [{section}] is not in the page");
        }
    }
    // And the words that the layout may be.
    for layout in expected_in("[migrations]\nlayout = \"nonsense\"\n") {
        assert!(section_of(&page, "[migrations]").contains(&format!("`\"{layout}\"`")), "the layout {layout} is not in the page");
    }
}

#[test]
fn the_page_names_no_key_that_is_not_read() {
    let page = read("docs/reference/manage-toml.md");
    for section in ["database", "migrations", "lint", "scripts", "patches", "tenancy", "tenancy.tables", "environments.NAME"] {
        let (_, rows) = (section, section_of(&page, &format!("[{section}]")));
        for key in rows.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(key, _)| key)) {
            let known = expected_in(&match section {
                "environments.NAME" => "[environments.x]\nurl = \"a\"\nnonsense = 1\n".to_owned(),
                "tenancy.tables" => "[tenancy.tables]\nx = { nonsense = 1 }\n".to_owned(),
                other => format!("[{other}]\nnonsense = 1\n"),
            });
            assert!(known.iter().any(|known| known == key), "[{section}] has no key `{key}`");
        }
    }
}

#[test]
fn every_variable_that_is_read_is_in_the_page() {
    let page = read("docs/reference/environment.md");
    let options = read("src/backend/postgres/conninfo/options.rs");
    let mut wanted: BTreeSet<String> = [
        "DATABASE_URL",
        "MANAGE_LOG",
        "MANAGE_FAULT",
        "MANAGE_PG_BIN",
        "MANAGE_TEST_PG_URL",
        "MANAGE_TEST_PG_BIN",
        "NO_COLOR",
        "TERM",
    ]
    .map(str::to_owned)
    .into();
    wanted.extend(
        options
            .split('"')
            .filter(|word| word.starts_with("PG") && word.chars().all(|c| c.is_ascii_uppercase()))
            .map(str::to_owned),
    );
    for point in manage::domain::fault::POINTS {
        assert!(page.contains(&format!("`{point}`")), "the fault point {point} is not in the page");
    }

    let missing: Vec<_> = wanted.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();

    assert!(wanted.len() > 30, "the variables of libpq were not found");
    assert!(missing.is_empty(), "these variables are not in the page: {missing:?}");
}

each_backend! {
    fn the_ledgers_page_has_every_table_and_column(project: Project) {
        let project = project.migration("20260101000000_a", "CREATE TABLE a (b INTEGER);", "DROP TABLE a;");
        project.run("migrate").ok();
        let page = read("docs/reference/ledger.md");

        let real = match project.backend() {
            Backend::Sqlite => project.query(
                "SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table' AND s.name LIKE 'manage\\_%' ESCAPE '\\'",
            ),
            Backend::Postgres => project.query(
                "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'manage'",
            ),
        };
        // The history is refinery's own table.
        let real: BTreeSet<_> = real.into_iter().filter(|row| row[0] != "manage_ledger_history").map(|row| (row[0].clone(), row[1].clone())).collect();

        assert_eq!(real, columns_in(&page));
        assert!(page.contains("`manage_ledger_history`"));
    }
}

/// The tables (headings `## name`) and columns (first cells of the rows below) of the ledger's page.
fn columns_in(page: &str) -> BTreeSet<(String, String)> {
    let mut table = String::new();
    let mut columns = BTreeSet::new();
    for (_, line) in prose(page) {
        if let Some(title) = line.strip_prefix("## ") {
            table = title.trim_matches('`').to_owned();
        }
        if table.starts_with("manage_")
            && let Some((column, _)) = line.strip_prefix("| `").and_then(|row| row.split_once('`'))
        {
            columns.insert((table.clone(), column.to_owned()));
        }
    }
    columns
}

/// The words in backquotes after `expected`, in what the reader of the file says of `text`.
fn expected_in(text: &str) -> Vec<String> {
    let error = Config::parse(Path::new("manage.toml"), text.as_bytes()).expect_err("it holds nonsense").to_string();
    let (_, expected) = error.split_once("expected").unwrap_or_else(|| panic!("{error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What stands below the heading `title`, to the next one.
#[track_caller]
fn section_of<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## `{title}`\n");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("there is no section `{title}`"));
    rest.split_once("\n## ").map_or(rest, |(part, _)| part)
}

/// The code block that holds `word`.
fn block_with(page: &str, word: &str) -> String {
    let blocks = page.split("```").skip(1).step_by(2);
    let block = blocks.into_iter().find(|block| block.contains(word)).expect("the page has an example");
    block.split_once('\n').map_or("", |(_, text)| text).to_owned()
}
