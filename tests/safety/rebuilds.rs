//! Rebuilt tables on SQLite: the children of a parent table survive, and no row is left pointing nowhere.

use crate::support::*;

const FAMILY: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
INSERT INTO parents VALUES (1, 'a'), (2, 'b');
INSERT INTO children VALUES (1, 1), (2, 1), (3, 2);";

const REBUILD: &str = "CREATE TABLE new_parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_parents SELECT id, name FROM parents;
DROP TABLE parents;
ALTER TABLE new_parents RENAME TO parents;";

/// A family, and then a migration that rebuilds its parents' table.
fn family(rebuild: &str) -> Project {
    Project::new().one_way_migration("1_family", FAMILY).one_way_migration("2_rebuild", rebuild)
}

fn children(project: &Project) -> Vec<String> {
    project.query("SELECT id FROM children ORDER BY id").concat()
}

fn recorded(project: &Project) -> Vec<String> {
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

#[track_caller]
fn children_survive(rebuild: &str) {
    let project = family(rebuild);

    project.run("migrate").ok();

    assert_eq!(children(&project), ["1", "2", "3"], "{rebuild}");
    assert_eq!(project.query("PRAGMA foreign_key_check"), Vec::<Vec<String>>::new());
    assert_eq!(project.value("SELECT count(*) FROM parents"), "2");
}

#[test]
fn children_survive_a_rebuild_of_their_parents() {
    children_survive(REBUILD);
    children_survive(&format!("PRAGMA foreign_keys = OFF;\n{REBUILD}\nPRAGMA foreign_keys = ON;"));
    children_survive(&REBUILD.replace("RENAME TO parents", "RENAME TO \"Parents\""));
    children_survive(&REBUILD.replace("DROP TABLE parents", "DROP TABLE IF EXISTS main.[parents]"));
}

#[test]
fn children_survive_a_table_that_is_dropped_and_made_anew_under_its_name() {
    children_survive(
        "CREATE TEMP TABLE backup AS SELECT * FROM parents;
         DROP TABLE parents;
         CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO parents SELECT * FROM backup;
         DROP TABLE backup;",
    );
}

#[test]
fn children_survive_a_rebuild_outside_of_a_transaction() {
    for rebuild in [
        REBUILD.to_owned(),
        format!("PRAGMA foreign_keys = OFF;\nBEGIN;\n{REBUILD}\nCOMMIT;\nPRAGMA foreign_keys = ON;"),
        format!("BEGIN;\n{REBUILD}\nCOMMIT;"),
    ] {
        let project = Project::new().one_way_migration("1_family", FAMILY).no_transaction("2_rebuild", &rebuild, "SELECT 1;");

        project.run("migrate").ok();

        assert_eq!(children(&project), ["1", "2", "3"], "{rebuild}");
    }
}

#[test]
fn children_survive_a_rebuild_that_is_taken_up_again() {
    let broken = format!("PRAGMA foreign_keys = OFF;\nSELECT missing;\nBEGIN;\n{REBUILD}\nCOMMIT;\nPRAGMA foreign_keys = ON;");
    let project = Project::new().one_way_migration("1_family", FAMILY).no_transaction("2_rebuild", &broken, "SELECT 1;");
    project.run("migrate").fails_with(3);

    project.edit("migrations/2_rebuild/up.sql", |text| text.replace("SELECT missing", "SELECT 1"));
    project.run("migrate").ok();

    assert_eq!(children(&project), ["1", "2", "3"]);
}

#[test]
fn children_survive_a_rebuild_within_a_single_transaction() {
    let project = family(REBUILD);

    let outcome = project.run("migrate --single-transaction");

    outcome.fails_with(2).says("2");
    assert_eq!(project.schema(), "");
    project.run("migrate --to 1").ok();
    project.run("migrate --single-transaction").ok();
    assert_eq!(children(&project), ["1", "2", "3"]);
}

#[test]
fn a_rename_before_the_copy_loses_no_child() {
    let project = family(
        "ALTER TABLE parents RENAME TO old_parents;
         CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO parents SELECT * FROM old_parents;
         DROP TABLE old_parents;",
    );

    // The children point to the renamed table by now, so this must not pass.
    project.run("migrate").fails_with(3).says("old_parents");

    assert_eq!(children(&project), ["1", "2", "3"]);
    assert_eq!(recorded(&project), ["1"]);
}

#[test]
fn a_rebuild_that_leaves_orphans_is_refused_and_names_them() {
    let project = family(&REBUILD.replace("FROM parents;", "FROM parents WHERE id = 1;"));

    let outcome = project.run("migrate");

    outcome.fails_with(3).says("children: row 3 points to a missing row of parents").says("1 row");
    assert_eq!(recorded(&project), ["1"]);
    assert_eq!(project.value("SELECT count(*) FROM parents"), "2");
}

#[test]
fn orphans_that_were_there_before_block_no_rebuild() {
    let project = family(REBUILD);
    project.run("migrate --to 1").ok();
    project.execute("PRAGMA foreign_keys = OFF; INSERT INTO children VALUES (9, 77)");

    project.run("migrate").ok();

    assert_eq!(children(&project), ["1", "2", "3", "9"]);
}

#[test]
fn orphans_of_a_rebuilt_table_that_get_another_row_number_block_nothing() {
    let project = Project::new()
        .one_way_migration(
            "1_family",
            "CREATE TABLE parents (id INTEGER PRIMARY KEY);
             CREATE TABLE children (parent_id INTEGER REFERENCES parents (id));
             INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1), (1);",
        )
        .one_way_migration(
            "2_rebuild",
            "CREATE TABLE new_children (parent_id INTEGER REFERENCES parents (id), note TEXT);
             INSERT INTO new_children SELECT parent_id, 'x' FROM children ORDER BY rowid DESC;
             DROP TABLE children; ALTER TABLE new_children RENAME TO children;",
        );
    project.run("migrate --to 1").ok();
    project.execute("PRAGMA foreign_keys = OFF; INSERT INTO children VALUES (77)");

    project.run("migrate").ok();

    assert_eq!(project.value("SELECT count(*) FROM children"), "3");
}

#[test]
fn new_orphans_do_not_hide_behind_old_ones() {
    let project = Project::new()
        .one_way_migration(
            "1_family",
            "CREATE TABLE parents (id INTEGER PRIMARY KEY);
             CREATE TABLE children (id TEXT PRIMARY KEY, parent_id INTEGER REFERENCES parents (id)) WITHOUT ROWID;
             INSERT INTO parents VALUES (1), (2); INSERT INTO children VALUES ('a', 1), ('b', 2);",
        )
        .one_way_migration(
            "2_rebuild",
            "CREATE TABLE new_parents (id INTEGER PRIMARY KEY);
             INSERT INTO new_parents SELECT id FROM parents WHERE id = 1;
             DROP TABLE parents; ALTER TABLE new_parents RENAME TO parents;",
        );
    project.run("migrate --to 1").ok();
    project.execute("PRAGMA foreign_keys = OFF; INSERT INTO children VALUES ('old', 77)");

    project.run("migrate").fails_with(3).says("1 row");

    assert_eq!(project.value("SELECT count(*) FROM parents"), "2");
}
