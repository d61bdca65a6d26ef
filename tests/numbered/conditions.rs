//! Statements that run only where a column is there, or is not: in all layouts.

use super::*;

const ADD: &str = "-- manage: unless column users.note\nALTER TABLE users ADD COLUMN note TEXT;\nINSERT INTO users (id) SELECT 1 + count(*) FROM users;\n";
const DROP: &str = "-- manage: if column users.note\nALTER TABLE users DROP COLUMN note;\n";

fn columns(project: &Project) -> usize {
    project.schema().matches("column note").count()
}

each_backend! {
    fn a_column_is_added_only_where_it_is_not_there(project: Project) {
        for note in ["", ", note TEXT"] {
            let project = file(Project::on(project.backend()), "001_note", ADD, DROP);
            project.execute(&format!("CREATE TABLE users (id INTEGER PRIMARY KEY{note})"));

            let said = project.run("migrate -v").ok().clone();

            if note.is_empty() {
                said.does_not_say("left out");
            } else {
                said.says("statement 1 is left out: column users.note is there already");
            }
            assert_eq!((columns(&project), project.value("SELECT count(*) FROM users")), (1, "1".to_owned()));
            project.run("rollback").ok();
            assert_eq!(columns(&project), 0);
            project.run("migrate").ok();
            project.execute("ALTER TABLE users DROP COLUMN note; DELETE FROM users");
            project.run("rollback").ok();
        }
    }

    fn the_catalogue_is_asked_when_the_turn_comes(project: Project) {
        let up = "CREATE TABLE users (id INTEGER);\n-- manage: unless column users.note\nALTER TABLE users ADD COLUMN note TEXT;\n\
                  -- manage: unless column users.note\nALTER TABLE users ADD COLUMN note TEXT;\n";
        let project = file(project, "001_users", up, "DROP TABLE users;");

        project.run("migrate").ok();

        assert_eq!(columns(&project), 1);
    }

    fn it_works_in_diesels_layout_and_without_a_transaction(project: Project) {
        let project = project
            .migration("1_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, note TEXT);", "DROP TABLE users;")
            .migration("2_note", ADD, "DELETE FROM users;")
            .no_transaction("3_again", ADD, "SELECT 1;");

        project.run("migrate").ok();

        assert_eq!((columns(&project), project.value("SELECT count(*) FROM users")), (1, "2".to_owned()));
    }

    fn it_works_in_refinerys_layout(project: Project) {
        let project = project.file("migrations/V1__users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, note TEXT);").file("migrations/V2__note.sql", ADD);

        project.run("migrate").ok();

        assert_eq!(columns(&project), 1);
    }

    fn names_are_read_as_the_database_reads_them(project: Project) {
        let up = "CREATE TABLE \"Odd Table\" (\"Odd.Column\" TEXT, Plain TEXT);\n-- manage: unless column \"Odd Table\".\"Odd.Column\"\nSELECT broken FROM nowhere;\n\
                  -- manage: unless column \"Odd Table\".PLAIN\nSELECT broken FROM nowhere;\n-- manage: if column nothing.at_all\nSELECT broken FROM nowhere;";
        let project = file(project, "001_odd", up, "DROP TABLE \"Odd Table\";");

        project.run("migrate").ok();
    }

    fn a_stream_decides_it_on_postgresql_and_is_refused_on_sqlite(project: Project) {
        let project = file(project, "001_note", ADD, DROP);
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, note TEXT)");
        if project.backend() == Backend::Sqlite {
            refused(&project, 2, "migrate --sql").snapshot("numbered_condition_in_a_stream");
            return;
        }
        let sql = project.run("migrate --sql").ok().stdout.clone();

        project.execute(&sql);

        assert_eq!((version(&project), columns(&project)), ("1".to_owned(), 1));
        let back = project.run("rollback --sql").ok().stdout.clone();
        project.execute(&back);
        assert_eq!((version(&project), columns(&project)), ("0".to_owned(), 0));
        project.execute(&sql);
        assert_eq!(columns(&project), 1);
    }

    fn a_condition_that_cannot_be_understood_is_refused(project: Project) {
        for (up, why) in [
            ("-- manage: unless column users\nSELECT 1;", "a condition is written"),
            ("-- manage: unless\nSELECT 1;", "a condition is written"),
            ("SELECT 1; -- manage: if column users.note\nSELECT 2;", "on a line of its own"),
            ("SELECT 1;\n-- manage: if column users.note\n", "no statement follows"),
        ] {
            let project = file(Project::on(project.backend()), "001_bad", up, "");

            refused(&project, 2, "migrate").says(why).says("migrations/001_bad.sql:").says("hint: for example");
        }
        let project = project.no_transaction("1_a", "BEGIN;\nSELECT 1;\n-- manage: if column a.b\nCOMMIT;", "");
        refused(&project, 2, "migrate").says("COMMIT cannot depend on a condition");
    }
}
