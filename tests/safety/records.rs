//! A history that does not take the record.

use crate::support::*;

each_backend! {
    fn a_record_that_was_not_written_fails_the_migration(project: Project) {
        let project = project
            .migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;")
            .migration("2_b", "CREATE TABLE t2 (id INTEGER);", "DROP TABLE t2;");
        project.run("migrate --to 1").ok();
        project.execute(match project.backend() {
            Backend::Sqlite => {
                "CREATE TRIGGER keep_out BEFORE INSERT ON __diesel_schema_migrations BEGIN SELECT RAISE(IGNORE); END"
            }
            Backend::Postgres => {
                "CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE TRIGGER keep_out BEFORE INSERT ON __diesel_schema_migrations FOR EACH ROW EXECUTE FUNCTION keep_out()"
            }
        });

        project.run("migrate").fails_with(3).says("the record was not written").does_not_say("\u{2713} 2");

        assert!(!project.schema().contains("t2"), "nothing of it stayed");
    }

    fn a_record_that_the_database_refuses_is_not_put_down_to_the_file(project: Project) {
        let project = project
            .migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;")
            .migration("2_b", "CREATE TABLE t2 (id INTEGER);", "DROP TABLE t2;")
            .no_transaction("3_c", "CREATE TABLE t3 (id INTEGER);", "DROP TABLE t3;");
        project.run("migrate --to 1").ok();
        project.execute(match project.backend() {
            Backend::Sqlite => {
                "CREATE TRIGGER no BEFORE INSERT ON __diesel_schema_migrations BEGIN SELECT RAISE(ABORT, 'not today'); END"
            }
            Backend::Postgres => {
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not today''; END';
                 CREATE TRIGGER no BEFORE INSERT ON __diesel_schema_migrations FOR EACH ROW EXECUTE FUNCTION no()"
            }
        });

        project.run("migrate").fails_with(3).snapshot("record_refused");
        project.remove("migrations/2_b");
        project.run("migrate").fails_with(3).says("migration 3 c ran, but could not be recorded").does_not_say("up.sql");

        project.execute(match project.backend() {
            Backend::Sqlite => "DROP TRIGGER no",
            Backend::Postgres => "DROP TRIGGER no ON __diesel_schema_migrations",
        });
        project.run("migrate").ok().says("done by an earlier run");
    }
}

#[test]
fn a_name_with_a_control_character_is_refused() {
    let project = Project::on(Backend::Sqlite).migration("1_a\u{1b}[31mred", "CREATE TABLE t1 (id INTEGER);", "");

    project.run("status").fails_with(2).says("control character").does_not_say("\u{1b}");
}

#[test]
fn a_protected_database_is_known_by_every_spelling_of_this_machine() {
    let project = Project::on(Backend::Postgres).migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;");
    project.run("migrate").ok();
    let name = project.value("SELECT current_database()::text");
    let tcp = server().tcp_url(&name);
    let settings = project.read("manage.toml");
    project.write("manage.toml", &format!("{settings}[environments.production]\nurl = \"{tcp}\"\nprotected = true\n"));
    let before = project.everything();

    // By its socket, and by other names of the loopback address.
    project.run("rollback --all --yes").fails_with(4).says("protected");
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let url = tcp.replace("127.0.0.1", host).replace("localhost", host);
        project.manage(["rollback", "--all", "--yes", "--database", &url]).fails_with(4).says("protected");
    }

    assert_eq!(before, project.everything());
}
