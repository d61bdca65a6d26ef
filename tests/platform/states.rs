//! The broken states that the `verify` and `fix` scripts are about can exist; broken books cannot.

use super::database::each_database;

const TWO_TENANTS: &str = "
    INSERT INTO accounts (id, slug, name) VALUES (1, 'acme', 'Acme'), (2, 'bolt', 'Bolt');
    INSERT INTO sites (id, account_id, name, slug) VALUES (10, 1, 'Acme', 'acme'), (20, 2, 'Bolt', 'bolt');
    INSERT INTO sectors (id, account_id, site_id, name) VALUES (100, 1, 10, 'Anvils'), (200, 2, 20, 'Bolts');
    INSERT INTO clusters (id, account_id, site_id, sector_id, name) VALUES (1, 1, 10, 100, 'Anvils');
";

each_database! {
    fn rows_may_be_wrong_in_every_way_that_a_script_repairs(db: &mut dyn Database) {
        db.up_all();
        db.execute(TWO_TENANTS);

        for (state, statement) in [
            ("a status of no vocabulary", "UPDATE clusters SET status = 'Completed'"),
            ("an empty status", "UPDATE clusters SET status = ''"),
            ("counts that are off", "UPDATE clusters SET keywords_count = 99, total_volume = 3000000000"),
            ("a keyword in a cluster of another account",
             "INSERT INTO keywords (account_id, site_id, sector_id, cluster_id, keyword) VALUES (2, 20, 200, 1, 'bolt')"),
            ("a site of another account",
             "INSERT INTO keywords (account_id, site_id, keyword) VALUES (1, 20, 'bolt')"),
            ("the same keyword twice, without a sector",
             "INSERT INTO keywords (account_id, site_id, keyword) VALUES (1, 10, 'anvil'), (1, 10, 'Anvil')"),
            ("an unknown content type and a legacy structure",
             "INSERT INTO content_ideas (account_id, site_id, sector_id, title, content_type, content_structure)
              VALUES (1, 10, 100, 'Anvils', 'blog_post', 'supporting')"),
            ("published without external id, and one external id twice",
             "INSERT INTO content (account_id, site_id, sector_id, title, status, source, external_id) VALUES
              (1, 10, 100, 'a', 'published', 'wordpress', NULL), (1, 10, 100, 'b', 'draft', 'wordpress', '7'),
              (1, 10, 100, 'c', 'draft', 'wordpress', '7')"),
            ("terms with the same slug, an empty name, a parent of another site, a cycle",
             "INSERT INTO taxonomy_terms (id, account_id, site_id, parent_id, name, slug, taxonomy_type) VALUES
              (1, 1, 10, NULL, 'News', 'news', 'category'), (2, 1, 10, 1, '', 'news', 'category'),
              (3, 2, 20, 1, 'News', 'news', 'category');
              UPDATE taxonomy_terms SET parent_id = 2 WHERE id = 1"),
            ("a link to nothing, twice",
             "INSERT INTO content_taxonomy (account_id, site_id, content_id, taxonomy_term_id)
              VALUES (1, 10, 404, 404), (1, 10, 404, 404)"),
            ("an integration without a usable address, stuck",
             "INSERT INTO site_integrations (account_id, site_id, config, site_url, sync_status)
              VALUES (1, 10, '{\"site_url\":', 'HTTP://Acme/', 'syncing')"),
            ("an answer that is no JSON and does not fit its status code",
             "INSERT INTO api_request_log (account_id, endpoint, status_code, success, response_body)
              VALUES (1, '/v1/tasks', 500, TRUE, '<html>')"),
        ] {
            assert_eq!(db.run(statement, true), Ok(()), "{state}");
        }
    }

    fn what_is_never_right_is_refused(db: &mut dyn Database) {
        db.up_all();
        db.execute(TWO_TENANTS);

        for (state, statement) in [
            ("an account of no known status", "UPDATE accounts SET status = 'gone'"),
            ("a slug twice", "UPDATE accounts SET slug = 'acme'"),
            ("debts", "INSERT INTO credit_balances (account_id, credits) VALUES (1, -1)"),
            ("negative use", "INSERT INTO credit_usage_log (account_id, operation, credits) VALUES (1, 'idea', -1)"),
            ("a row without account", "UPDATE clusters SET account_id = NULL"),
            ("a cluster that does not exist",
             "INSERT INTO keywords (account_id, site_id, cluster_id, keyword) VALUES (1, 10, 404, 'anvil')"),
        ] {
            assert!(db.run(statement, true).is_err(), "{state}");
        }
    }
}
