//! A small platform: accounts with sites, pages on them, links between pages, countries for all.

use crate::support::*;

pub const TENANCY: &str = r#"
[database]
url = "${DATABASE_URL:-sqlite:manage.db}"

[tenancy]
account = { table = "accounts", key = "id", label = "slug", status = "status", skip = ["closed"] }
site = { table = "sites", key = "id", label = ["slug", "domain"], account = "account_id" }
system = ["robot"]

[tenancy.tables]
pages = { account = "account_id", site = "site_id" }
links = { via = "page_id -> pages.id" }
notes = { account = "account_id", via = "page_id -> pages.id" }
countries = { access = "global" }
credits = { account = "account_id", access = "never" }
ledger_lines = { access = "never" }
"#;

pub const SCHEMA: &str = "
CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE sites (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, slug TEXT NOT NULL, domain TEXT NOT NULL);
CREATE TABLE pages (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, site_id BIGINT, title TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE links (id BIGINT PRIMARY KEY, page_id BIGINT, target TEXT NOT NULL);
CREATE TABLE notes (id BIGINT PRIMARY KEY, account_id BIGINT, page_id BIGINT, body TEXT NOT NULL);
CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE credits (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, amount BIGINT NOT NULL);
CREATE TABLE ledger_lines (id BIGINT PRIMARY KEY, amount BIGINT NOT NULL);
CREATE TABLE secrets (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, word TEXT NOT NULL);
CREATE VIEW all_pages AS SELECT * FROM pages;
INSERT INTO accounts VALUES (1, 'acme', 'active'), (2, 'zeta', 'active'), (3, 'robot', 'active'), (4, 'gone', 'closed'), (5, '1', 'active');
INSERT INTO sites VALUES (10, 1, 'blog', 'blog.acme.example'), (11, 1, 'shop', 'shop.acme.example'), (20, 2, 'blog', 'zeta.example');
INSERT INTO pages VALUES
    (100, 1, 10, 'ours on blog', 'new'), (101, 1, 11, 'ours on shop', 'new'), (102, 1, NULL, 'ours alone', 'done'),
    (200, 2, 20, 'ZETA-PAGE', 'new'), (201, 2, 10, 'ZETA-ON-FOREIGN-SITE', 'new'), (300, 3, NULL, 'ROBOT-PAGE', 'new');
INSERT INTO links VALUES (1, 100, 'a'), (2, 200, 'ZETA-LINK'), (3, NULL, 'NOBODYS-LINK'), (4, 999, 'DANGLING-LINK');
INSERT INTO notes VALUES (1, 1, 100, 'both agree'), (2, 1, 200, 'TWO-DISAGREE'), (3, NULL, 101, 'by its page'), (4, 1, 999, 'page is gone'), (5, 2, NULL, 'ZETA-NOTE');
INSERT INTO countries VALUES ('de', 'Germany');
INSERT INTO credits VALUES (1, 1, 5), (2, 2, 70);
INSERT INTO ledger_lines VALUES (1, 5);
INSERT INTO secrets VALUES (1, 2, 'ZETA-SECRET');
";

/// What only other accounts' rows say. No screen about acme may show one of these.
pub const OTHERS: &[&str] = &["ZETA", "ROBOT", "NOBODYS", "DANGLING", "DISAGREE"];

/// The platform with its rows.
pub fn platform(project: Project) -> Project {
    let project = project.file("manage.toml", TENANCY).migration("20260101000000_platform", SCHEMA, "SELECT 1");
    project.run("migrate").ok();
    project
}

/// A script with a head.
pub fn script(head: &str, sql: &str) -> String {
    format!("/* manage\ndescription = \"a check\"\n{head}\n*/\n{sql}\n")
}

impl Project {
    /// Adds `scripts/verify_<name>.sql`.
    pub fn check(self, name: &str, head: &str, sql: &str) -> Self {
        self.file(&format!("scripts/verify_{name}.sql"), &script(head, sql))
    }
}

/// The texts in column `column` of a check's sample.
pub fn sample(outcome: &Outcome, check: usize, column: &str) -> Vec<String> {
    let json = outcome.json();
    let rows = json["checks"][check]["sample"].as_array().expect("a sample").clone();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.iter().map(|row| text(&row[column])).collect()
}
