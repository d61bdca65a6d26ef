//! Two accounts with clusters and keywords, and a check that finds clusters whose status is wrong.

use crate::support::*;

const TENANCY: &str = r#"
[database]
url = "${DATABASE_URL:-sqlite:manage.db}"

[tenancy]
account = { table = "accounts", key = "id", label = "slug", status = "status", skip = ["closed"] }
site = { table = "sites", key = "id", label = "slug", account = "account_id" }

[tenancy.tables]
clusters = { account = "account_id", site = "site_id" }
keywords = { account = "account_id", via = "cluster_id -> clusters.id" }
tags = { via = "cluster_id -> clusters.id" }
audit_log = { account = "account_id" }
countries = { access = "global" }
credits = { account = "account_id", access = "never" }
"#;

const SCHEMA: &str = "
CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE sites (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL REFERENCES accounts (id), slug TEXT NOT NULL);
CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE clusters (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL REFERENCES accounts (id), site_id BIGINT REFERENCES sites (id),
    name TEXT NOT NULL, status TEXT NOT NULL, keywords_count BIGINT, country TEXT REFERENCES countries (code), updated_at TIMESTAMP);
CREATE TABLE keywords (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, cluster_id BIGINT REFERENCES clusters (id), word TEXT NOT NULL);
CREATE TABLE tags (id BIGINT PRIMARY KEY, cluster_id BIGINT NOT NULL REFERENCES clusters (id), tag TEXT NOT NULL);
CREATE TABLE audit_log (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, what TEXT NOT NULL);
CREATE TABLE credits (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, amount BIGINT NOT NULL);
CREATE TABLE loose (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, word TEXT NOT NULL);
INSERT INTO accounts VALUES (1, 'acme', 'active'), (2, 'zeta', 'active'), (3, 'gone', 'closed');
INSERT INTO sites VALUES (10, 1, 'blog'), (11, 1, 'shop'), (20, 2, 'blog');
INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France');
INSERT INTO clusters VALUES
    (17, 1, 10, 'ours with two', 'new', 0, 'de', '2026-01-01 00:00:00'), (23, 1, 11, 'ours with one', 'new', 7, NULL, NULL),
    (31, 1, NULL, 'ours alone', 'Active', 0, NULL, NULL), (32, 1, 10, 'ours, right', 'new', 0, NULL, NULL),
    (40, 2, 20, 'ZETA-CLUSTER', 'new', 0, 'fr', '2026-01-01 00:00:00'), (41, 2, 20, 'ZETA-OTHER', 'Active', 3, NULL, NULL);
INSERT INTO keywords VALUES (1, 1, 17, 'a'), (2, 1, 17, 'b'), (3, 1, 23, 'c'), (4, 1, NULL, 'free'), (5, 2, 40, 'ZETA-WORD');
INSERT INTO tags VALUES (1, 17, 'x'), (2, 40, 'ZETA-TAG');
INSERT INTO credits VALUES (1, 1, 5), (2, 2, 70);
INSERT INTO loose VALUES (1, 1, 'x'), (2, 2, 'ZETA-LOOSE');
";

const VERIFY: &str = "/* manage
description = \"Cluster status follows its keywords\"
table = \"clusters\"
fix = [\"cluster-status\"]
*/
SELECT c.id, 'status is ' || c.status AS what, w.wanted AS expected
FROM clusters c JOIN (
    SELECT c.id, CASE WHEN EXISTS (SELECT 1 FROM keywords k WHERE k.cluster_id = c.id) THEN 'mapped' ELSE 'new' END AS wanted
    FROM clusters c) w ON w.id = c.id
WHERE c.account_id = :account AND c.status <> w.wanted
ORDER BY c.id
";

/// The head of the patch that the check names.
pub const HEAD: &str = "table = \"clusters\"\nverify = [\"status-fixes\"]\nvolatile = [\"updated_at\"]";

/// Its query.
pub const FIX: &str = "SELECT c.id, w.wanted AS status, :now AS updated_at
FROM clusters c JOIN (
    SELECT c.id, CASE WHEN EXISTS (SELECT 1 FROM keywords k WHERE k.cluster_id = c.id) THEN 'mapped' ELSE 'new' END AS wanted
    FROM clusters c) w ON w.id = c.id
WHERE c.account_id = :account AND c.status <> w.wanted";

/// What no screen about acme may show.
pub const OTHERS: &str = "ZETA";

/// The platform with a check and the patch that mends what it finds.
pub fn platform(project: Project) -> Project {
    let project = project
        .file("manage.toml", TENANCY)
        .migration("20260101000000_platform", SCHEMA, "SELECT 1")
        .file("scripts/verify_status_fixes.sql", VERIFY)
        .fix("cluster_status", HEAD, FIX);
    project.run("migrate").ok();
    project
}

impl Project {
    /// Adds `scripts/fix_<name>.sql`.
    pub fn fix(self, name: &str, head: &str, sql: &str) -> Self {
        self.write_fix(name, head, sql);
        self
    }

    /// Writes `scripts/fix_<name>.sql`.
    pub fn write_fix(&self, name: &str, head: &str, sql: &str) {
        let text = format!("/* manage\ndescription = \"a patch\"\n{head}\n*/\n{sql}\n");
        self.write(&format!("scripts/fix_{name}.sql"), &text);
    }

    /// Every row of the project's own tables, without those of acme.
    pub fn others(&self) -> String {
        let tables = ["clusters", "keywords", "credits", "audit_log", "loose"];
        let of = |table: &str| self.query(&format!("SELECT * FROM {table} WHERE account_id <> 1 ORDER BY id"));
        let tags = self.query("SELECT * FROM tags WHERE cluster_id >= 40 ORDER BY id");
        let rest = self.query("SELECT * FROM countries ORDER BY code");
        format!("{:?}\n{tags:?}\n{rest:?}", tables.map(of))
    }
}
