//! `manage status --diff`

use super::*;

const UP: &str = "migrations/1_users/up.sql";

fn applied(project: Project) -> Project {
    let up = "CREATE TABLE users (\n    id INTEGER,\n    name TEXT\n);\nCREATE INDEX users_name ON users (name);\n";
    let project = project.migration("1_users", up, "DROP TABLE users;");
    project.run("migrate").ok();
    project
}

each_backend! {
    fn what_was_edited_is_shown(project: Project) {
        let project = applied(project);
        project.edit(UP, |text| format!("{}CREATE INDEX more ON users (id);\n", text.replace("name TEXT", "name TEXT NOT NULL").replace('\n', "\r\n")));
        let before = project.everything();

        project.run("status --diff 1").ok().snapshot("status_diff");
        let facts = project.run("status --diff 1_users --json").ok().json();
        project.run("status --check").exits_with(5).says("edited after it was applied: 2 lines (see manage status --diff 1)");

        assert_eq!((&facts["diff"]["edit"], &facts["diff"]["lines"]), (&"real".into(), &2.into()));
        let text = facts["diff"]["text"].as_str().expect("a text");
        assert!(text.contains("-    name TEXT\n+    name TEXT NOT NULL\n") && text.contains("+CREATE INDEX more"), "{text}");
        assert_eq!(before, project.everything());
    }

    fn what_the_database_does_not_see_is_said_to_be_so(project: Project) {
        let project = applied(project);
        project.edit(UP, |text| text.replace('\n', "\r\n"));
        project.run("status --diff 1").ok().says("only the line ends differ");

        project.edit(UP, |text| text.replace("name TEXT", "name TEXT -- the full one"));

        project.run("status --diff 1").ok().snapshot("status_diff_cosmetic");
        assert_eq!(project.run("status --diff 1 --json").ok().json()["diff"]["edit"], "cosmetic");
    }

    fn where_there_is_nothing_to_compare_it_is_said_why(project: Project) {
        let project = applied(project).migration("3_gone", "SELECT 1;", "SELECT 1;");
        project.run("migrate").ok();
        project.remove("migrations/3_gone");
        project.write("migrations/0_other/up.sql", "SELECT 1;");
        project.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('0')");
        project.write("migrations/4_new/up.sql", "SELECT 1;");

        project.run("status --diff 1").ok().says("was not edited: its file is what ran");
        project.run("status --diff 4").ok().says("4 new is not applied");
        project.run("status --diff 0").fails_with(3).says("another tool");
        project.run("status --diff 3").fails_with(5).says("no file has it");
        project.run("status --diff 9").fails_with(2).says("there is no migration `9`");
        project.run("status --diff 1 --check").fails_with(2);
    }

    fn an_accepted_file_is_what_the_next_edit_is_compared_with(project: Project) {
        let project = applied(project);
        project.edit(UP, |text| text.replace("TEXT", "VARCHAR(9)"));
        project.run("repair 1 --reason why --yes").ok();

        project.run("status --diff 1").ok().says("was not edited");
        project.edit(UP, |text| text.replace("(9)", "(8)"));
        project.run("status --diff 1").ok().says("-    name VARCHAR(9)").says("+    name VARCHAR(8)");
    }

    fn a_password_in_a_file_is_not_shown(project: Project) {
        let project = applied(project);
        project.edit(UP, |text| format!("{text}SELECT 'postgres://ann:geheim@db/x';\n"));

        project.run("status --diff 1").ok().does_not_say("geheim").says("postgres://ann");
    }
}
