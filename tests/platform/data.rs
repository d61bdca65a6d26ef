//! What the migrations do to rows that are already there.

use super::{
    database::{Database, Sqlite, each_database},
    files::{Direction, Migration, migrations},
};

/// One account with one site and one sector, as the first migrations allow it.
const ACME: &str = "
    INSERT INTO accounts (id, slug, name) VALUES (1, 'acme', 'Acme');
    INSERT INTO sites (id, account_id, name, slug) VALUES (10, 1, 'Acme', 'acme');
    INSERT INTO sectors (id, account_id, site_id, name) VALUES (100, 1, 10, 'Anvils');
";

/// A cluster that everything in the chain links to, in the words of the first year.
const CHAIN: &str = "
    INSERT INTO clusters (id, account_id, site_id, sector_id, name, status) VALUES
        (1, 1, 10, 100, 'with keywords', 'active'),
        (2, 1, 10, 100, 'without', 'active'),
        (3, 1, 10, 100, 'put away', 'archived'),
        (4, 1, 10, 100, 'written', 'completed'),
        (5, 1, 10, 100, 'unknown word', 'Mapped');
    INSERT INTO keywords (id, account_id, site_id, cluster_id, keyword, status) VALUES
        (1, 1, 10, 1, 'anvil', 'active'),
        (2, 1, 10, NULL, 'hammer', 'pending'),
        (3, 1, 10, 3, 'tongs', 'archived'),
        (4, 1, 10, NULL, 'rocket', 'PENDING');
    INSERT INTO content_ideas (id, account_id, site_id, sector_id, cluster_id, title, status) VALUES
        (1, 1, 10, 100, 4, 'Anvils', 'published'),
        (2, 1, 10, 100, 4, 'Hammers', 'scheduled'),
        (3, 1, 10, 100, 4, 'Rockets', 'new');
    INSERT INTO tasks (id, account_id, site_id, sector_id, cluster_id, idea_id, title) VALUES
        (1, 1, 10, 100, 4, 1, 'Anvils');
    INSERT INTO content (id, account_id, site_id, sector_id, cluster_id, task_id, title) VALUES
        (1, 1, 10, 100, 4, 1, 'Anvils');
";

/// Rows of the tables that come after the chain, some of them broken.
const LATER: &str = "
    UPDATE sites SET country_code = 'DE';
    INSERT INTO taxonomy_terms (id, account_id, site_id, parent_id, name, slug, taxonomy_type) VALUES
        (1, 1, 10, NULL, 'News', 'news', 'category'), (2, 1, 10, 1, 'Old news', 'news', 'category');
    UPDATE taxonomy_terms SET parent_id = 2 WHERE id = 1;
    INSERT INTO content_taxonomy (account_id, site_id, content_id, taxonomy_term_id) VALUES (1, 10, 1, 1), (1, 10, 404, 2);
    INSERT INTO site_integrations (account_id, site_id) VALUES (1, 10);
    INSERT INTO credit_balances (account_id, credits) VALUES (1, 50);
    INSERT INTO credit_usage_log (account_id, site_id, operation, credits) VALUES (1, 10, 'content', 5);
    INSERT INTO api_request_log (account_id, endpoint, status_code) VALUES (1, '/v1/tasks', 200);
    INSERT INTO ai_keys (account_id, api_key) VALUES (1, 'not a key');
    INSERT INTO ai_prompts (account_id, purpose, body) VALUES (1, 'content', 'Write.');
";

const LINKS: &str = "
    SELECT 'keyword ' || coalesce(cluster_id, 0) AS line FROM keywords
    UNION ALL SELECT 'idea ' || coalesce(cluster_id, 0) FROM content_ideas
    UNION ALL SELECT 'task ' || coalesce(cluster_id, 0) FROM tasks
    UNION ALL SELECT 'content ' || coalesce(cluster_id, 0) FROM content
    ORDER BY 1
";

const STATUSES: &str = "
    SELECT 'cluster ' || id || ' ' || status || CASE WHEN disabled THEN ' disabled' ELSE '' END AS line FROM clusters
    UNION ALL SELECT 'idea ' || id || ' ' || status || CASE WHEN disabled THEN ' disabled' ELSE '' END FROM content_ideas
    UNION ALL SELECT 'keyword ' || id || ' ' || status || CASE WHEN disabled THEN ' disabled' ELSE '' END FROM keywords
    ORDER BY 1
";

fn migration(name: &str) -> Migration {
    migrations().into_iter().find(|migration| migration.name.ends_with(name)).expect("the migration exists")
}

each_database! {
    fn a_database_with_rows_can_go_back_to_nothing(db: &mut dyn Database) {
        db.up_all();
        db.execute(ACME);
        db.execute(CHAIN);
        db.execute(LATER);

        for migration in migrations().iter().rev() {
            db.down(migration);
        }

        assert_eq!(db.catalogue(), Vec::<String>::new());
    }

    fn the_rename_keeps_what_the_columns_held(db: &mut dyn Database) {
        let rename = db.up_to_before("rename_content_fields");
        db.execute(ACME);
        db.execute(CHAIN);
        db.execute("UPDATE content SET html_content = '<p>', entity_type = 'page', cluster_role = 'general'");
        db.execute("UPDATE tasks SET entity_type = 'page', cluster_role = 'general'");

        db.up(&rename);
        let renamed = db.line(
            "SELECT c.content_html || ' ' || c.content_type || ' ' || c.content_structure || ' '
                 || t.content_type || ' ' || t.content_structure AS line
             FROM content c JOIN tasks t ON t.id = c.task_id",
        );
        db.down(&rename);
        let back = db.line(
            "SELECT c.html_content || ' ' || c.entity_type || ' ' || c.cluster_role || ' '
                 || t.entity_type || ' ' || t.cluster_role AS line
             FROM content c JOIN tasks t ON t.id = c.task_id",
        );

        assert_eq!(renamed, "<p> page general page general");
        assert_eq!(back, renamed);
    }

    fn a_rename_that_was_made_by_hand_stops_the_migration(db: &mut dyn Database) {
        let rename = db.up_to_before("rename_content_fields");
        db.execute("ALTER TABLE content RENAME COLUMN html_content TO content_html");
        let before = db.catalogue();

        let error = db.migrate(&rename, Direction::Up).expect_err("the old column is gone");

        assert!(error.contains("html_content"), "{error}");
        assert_eq!(db.catalogue(), before);
    }

    fn building_clusters_anew_keeps_every_link_to_them(db: &mut dyn Database) {
        let rebuild = db.up_to_before("status_words_and_disabled");
        db.execute(ACME);
        db.execute(CHAIN);
        let links = db.lines(LINKS);

        db.up(&rebuild);
        let after_up = db.lines(LINKS);
        db.down(&rebuild);

        assert!(links.contains(&"content 4".to_owned()) && links.contains(&"keyword 1".to_owned()));
        assert_eq!(after_up, links);
        assert_eq!(db.lines(LINKS), links);
    }

    fn old_status_words_fold_into_the_new_ones_and_back(db: &mut dyn Database) {
        let words = db.up_to_before("status_words_and_disabled");
        db.execute(ACME);
        db.execute(CHAIN);
        db.up(&words);
        let fold = migration("fold_legacy_statuses");
        let old = db.lines(STATUSES);

        db.up(&fold);
        let new = db.lines(STATUSES);
        db.down(&fold);
        let back = db.lines(STATUSES);
        db.up(&fold);
        let again = db.lines(STATUSES);

        assert_eq!(new, [
            "cluster 1 mapped",
            "cluster 2 new",
            "cluster 3 mapped disabled",
            "cluster 4 mapped",
            "cluster 5 Mapped",
            "idea 1 completed",
            "idea 2 queued",
            "idea 3 new",
            "keyword 1 mapped",
            "keyword 2 new",
            "keyword 3 mapped disabled",
            "keyword 4 PENDING",
        ]);
        let lost: Vec<_> = old.iter().zip(&back).filter(|(old, back)| old != back).collect();
        assert_eq!(lost, [(&"cluster 4 completed".to_owned(), &"cluster 4 active".to_owned())]);
        assert_eq!(again, new);
    }

    fn a_site_outlives_the_list_of_countries(db: &mut dyn Database) {
        let sectors = db.up_to_before("sectors");
        let countries = migration("countries_served");
        db.execute("INSERT INTO countries (code, name) VALUES ('IS', 'Iceland')");
        db.up(&sectors);
        db.execute(ACME);
        db.execute("UPDATE sites SET country_code = 'DE'");

        db.down(&sectors);
        db.down(&countries);

        let site = db.line("SELECT slug || coalesce(country_code, ' without country') AS line FROM sites");
        assert_eq!(site, "acme without country");
        assert_eq!(db.line("SELECT code AS line FROM countries"), "IS");
    }
}

#[test]
fn a_tool_that_leaves_foreign_keys_on_is_stopped_before_links_are_lost() {
    let mut sqlite = Sqlite::new();
    let db: &mut dyn Database = &mut sqlite;
    let rebuild = db.up_to_before("status_words_and_disabled");
    db.execute(ACME);
    db.execute(CHAIN);
    let links = db.lines(LINKS);

    let text = rebuild.text(Direction::Up, "sqlite");
    let error = db.run(&text.replace("PRAGMA foreign_keys = OFF;", ""), true).expect_err("the guard stops it");

    assert!(error.contains("rebuild_needs_foreign_keys_off"), "{error}");
    assert_eq!(db.lines(LINKS), links);
}
