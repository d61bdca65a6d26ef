//! Statements that fail: where, why, and what the database says of it.

use super::*;

const BAD: &str = "migrations/20260103000000_bad/up.sql";

fn failing(project: Project, up: &str) -> Outcome {
    let project = applied(project).migration("20260103000000_bad", up, "");
    let (schema, history_before) = (project.schema(), history(&project));
    let outcome = project.run("migrate");
    outcome.fails_with(3).says("hint: ");
    assert_eq!((schema, history_before), (project.schema(), history(&project)), "{outcome}");
    outcome
}

each_backend! {
    fn a_syntax_error_is_shown_where_it_is(project: Project) {
        let outcome = failing(project, "CREATE TABLE good (id INTEGER);\n\nCREATE TABLE bad (id INTEGER,, name TEXT);\n");

        outcome.says(&format!("  at {BAD}:3:30\n")).snapshot("sql_syntax");
    }

    fn an_unknown_column_is_shown_where_it_is(project: Project) {
        let outcome = failing(project, "SELECT 1;\nCREATE VIEW v AS SELECT 1 AS a;\nUPDATE users\n   SET nmae = 'x'\n WHERE id = 1;");

        outcome.says("nmae").snapshot("sql_unknown_column");
    }

    fn line_ends_tabs_and_umlauts_do_not_move_the_place(project: Project) {
        let outcome = failing(project, "-- größer\r\nINSERT INTO users VALUES (7, 'äöü');\r\n\tINSERT INTO users VALUES ('größe', 'ß',, 1);\r\n");

        outcome.says(&format!("  at {BAD}:3:41\n")).snapshot("sql_umlauts");
    }

    fn of_a_long_line_that_which_stands_around_the_place_is_shown(project: Project) {
        let long: String = (0..200).map(|number| format!("({number}, 'a name'), ")).collect();
        let outcome = failing(project, &format!("INSERT INTO users VALUES {long} (,);\n"));

        assert!(outcome.stderr.lines().all(|line| line.chars().count() <= 120), "{outcome}");
        outcome.says("…").snapshot("sql_long_line");
    }

    fn a_constraint_tells_its_detail(project: Project) {
        let outcome = failing(project, "INSERT INTO users VALUES (1, 'a');\nINSERT INTO users VALUES (1, 'b');\n");

        outcome.says(&format!("{BAD}:2:1")).snapshot("sql_constraint");
    }

    fn an_error_within_a_trigger_tells_where_it_comes_from(project: Project) {
        let trigger = match project.backend() {
            Backend::Sqlite => {
                "CREATE TRIGGER guard BEFORE INSERT ON users BEGIN\n  SELECT RAISE(ABORT, 'no users today');\nEND;\n"
            }
            Backend::Postgres => {
                "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  RAISE EXCEPTION 'no users today' USING HINT = 'come back tomorrow', DETAIL = 'it is a holiday';\nEND $$;\nCREATE TRIGGER guard BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION guard();\n"
            }
        };
        let outcome = failing(project, &format!("{trigger}INSERT INTO users VALUES (1, 'a');\n"));

        outcome.says("no users today").snapshot("sql_trigger");
    }

    fn the_place_within_a_way_back_is_that_of_the_way_back(project: Project) {
        let project = applied(project).migration("20260103000000_bad", "SELECT 1;", "SELECT 1;\nDROP TABLE nowhere;\n");
        project.run("migrate").ok();

        project.run("rollback").fails_with(3).says("down.sql:2:").says("nowhere");
    }

    fn a_file_without_a_transaction_says_what_stayed(project: Project) {
        let project = applied(project).no_transaction(
            "20260103000000_bad",
            "CREATE INDEX a1 ON users (id);\nCREATE INDEX a2 ON users (nowhere);\nCREATE INDEX a3 ON users (id);\n",
            "",
        );

        project.run("migrate").fails_with(3).snapshot("sql_without_a_transaction");
        assert!(project.schema().contains("a1"));
        project.run("status --check").exits_with(5).snapshot("status_half_way");
        project.edit(BAD, |text| text.replace("nowhere", "name"));
        project.run("migrate").ok();

        assert!(project.schema().contains("a3"));
    }
}

#[test]
fn what_postgresql_adds_is_shown() {
    let outcome = failing(Project::on(Backend::Postgres), "SELECT lenght('x');\n");

    outcome.says("42883").says("the database adds: ").snapshot("sql_hint_of_the_database");
}
