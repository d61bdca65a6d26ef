//! Commits that do not wait for the disk, and the one that does.

use super::*;

/// Records what is in force when a migration is recorded, which is what is in force at its commit.
const WITNESS: &str = "CREATE TABLE seen (version TEXT, commits TEXT);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.seen VALUES (NEW.version, current_setting('synchronous_commit')); RETURN NEW;
END $$;
CREATE TRIGGER see AFTER INSERT ON __diesel_schema_migrations FOR EACH ROW EXECUTE FUNCTION see();";

fn watched(project: Project) -> Project {
    let project = project.migration("1_w", WITNESS, "SELECT 1;");
    project.run("migrate").ok();
    project.execute("DELETE FROM seen");
    project
        .migration("2_a", "SET synchronous_commit = local; SET search_path = ''; CREATE TABLE public.a (b INTEGER);", "SELECT 1;")
        .migration("3_b", "CREATE TABLE b (b INTEGER);", "SELECT 1;")
        .no_transaction("4_n", "CREATE TABLE n (b INTEGER);", "SELECT 1;")
        .migration("5_c", "CREATE TABLE c (b INTEGER);", "SELECT 1;")
}

fn seen(project: &Project) -> Vec<String> {
    project.query("SELECT version || ' ' || commits FROM seen ORDER BY version").concat()
}

#[test]
fn all_but_the_last_do_not_wait_for_the_disk() {
    let project = watched(Project::on(Backend::Postgres));

    project.run("migrate").ok();

    assert_eq!(seen(&project), ["2 off", "3 off", "4 on", "5 on"]);
    project.migration("6_d", "SELECT 1;", "SELECT 1;").run("migrate").ok();
}

#[test]
fn the_progress_of_a_file_without_a_transaction_always_waits() {
    let project = watched(Project::on(Backend::Postgres));
    project.execute(
        "CREATE FUNCTION see_progress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO public.seen VALUES ('progress', current_setting('synchronous_commit')); RETURN NEW; END $$;
         CREATE TRIGGER see_progress AFTER INSERT OR UPDATE ON manage.manage_migration_progress
             FOR EACH ROW EXECUTE FUNCTION see_progress()",
    );
    project.write("migrations/4_n/up.sql", "CREATE TABLE n (b INTEGER);\nVACUUM n;\n");

    project.run("migrate").ok();

    assert_eq!(seen(&project), ["2 off", "3 off", "4 on", "5 on", "progress on", "progress on", "progress on"]);
}

/// A server that writes its log only when a commit waits for it, killed as a power cut would.
fn crash(cluster: &Cluster, run: impl FnOnce()) {
    run();
    cluster.kill();
    cluster.restart();
}

fn lazy_server() -> (Cluster, Project, String) {
    let cluster = Cluster::with().setting("wal_writer_delay", "10s").setting("wal_writer_flush_after", "1GB").start();
    let url = cluster.url("postgres");
    (cluster, Project::new(), url)
}

fn rows(url: &str, sql: &str) -> Vec<String> {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the server is there");
    client.query(sql, &[]).expect("it is there").iter().map(|row| row.get(0)).collect()
}

const HISTORY: &str = "SELECT version FROM __diesel_schema_migrations ORDER BY version";
const LOG: &str = "SELECT action || ' ' || version FROM manage.manage_migration_log WHERE id > 1 ORDER BY id";

#[test]
fn a_server_that_is_killed_after_the_run_has_all_of_it() {
    let (cluster, project, url) = lazy_server();
    let run = |project: &Project, command: &str, code: i32| {
        project.command(command).args(["--database", &url]).run().exits_with(code);
    };
    let project = project.migration("1_t", "CREATE TABLE t (a TEXT);", "DROP TABLE t;");
    run(&project, "migrate", 0);

    // What is not waited for is lost here, so this server tells.
    crash(&cluster, || cluster.execute("SET synchronous_commit = off; INSERT INTO t VALUES ('lost')"));
    assert_eq!(rows(&url, "SELECT a FROM t"), [""; 0]);

    let project = project
        .migration("2_a", "INSERT INTO t VALUES ('2');", "DELETE FROM t WHERE a = '2';")
        .migration("3_b", "INSERT INTO t VALUES ('3');", "DELETE FROM t WHERE a = '3';")
        .migration("4_c", "INSERT INTO t VALUES ('4');", "DELETE FROM t WHERE a = '4';");
    crash(&cluster, || run(&project, "migrate", 0));
    assert_eq!(rows(&url, "SELECT a FROM t ORDER BY a"), ["2", "3", "4"]);
    assert_eq!(rows(&url, HISTORY), ["1", "2", "3", "4"]);
    assert_eq!(rows(&url, LOG), ["applied 2", "applied 3", "applied 4"]);

    crash(&cluster, || run(&project, "rollback --to 1", 0));
    assert_eq!(rows(&url, "SELECT a FROM t"), [""; 0]);
    assert_eq!(rows(&url, HISTORY), ["1"]);

    // The last one without a transaction.
    let project = project.no_transaction("5_n", "INSERT INTO t VALUES ('5');\nVACUUM t;", "DELETE FROM t WHERE a = '5';");
    crash(&cluster, || run(&project, "migrate", 0));
    assert_eq!(rows(&url, "SELECT a FROM t ORDER BY a"), ["2", "3", "4", "5"]);
    assert_eq!(rows(&url, HISTORY), ["1", "2", "3", "4", "5"]);

    crash(&cluster, || run(&project, "redo --steps 4 --yes", 0));
    assert_eq!(rows(&url, HISTORY), ["1", "2", "3", "4", "5"]);
    assert_eq!(rows(&url, LOG).len(), 3 + 3 + 4 + 8);
}

#[test]
fn a_server_that_is_killed_after_a_run_that_stopped_has_what_was_said_to_be_done() {
    let (cluster, project, url) = lazy_server();
    let project = project.migration("1_t", "CREATE TABLE t (a TEXT);", "DROP TABLE t;");
    project.command("migrate").args(["--database", &url]).run().ok();
    cluster.execute(
        "CREATE FUNCTION no_failures() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.action = 'failed' THEN RAISE 'no room'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER no_failures BEFORE INSERT ON manage.manage_migration_log FOR EACH ROW EXECUTE FUNCTION no_failures()",
    );
    let project = project
        .migration("2_a", "INSERT INTO t VALUES ('2');", "SELECT 1;")
        // Has a transaction of its own way.
        .migration("3_b", "-- manage: foreign-keys-off\nINSERT INTO t VALUES ('3');", "SELECT 1;")
        .migration("4_bad", "SELECT * FROM nowhere;", "SELECT 1;");

    crash(&cluster, || {
        project.command("migrate").args(["--database", &url]).run().fails_with(3).says("done before it: 2, 3");
    });

    assert_eq!(rows(&url, "SELECT a FROM t ORDER BY a"), ["2", "3"]);
    assert_eq!(rows(&url, HISTORY), ["1", "2", "3"]);
}

#[test]
fn one_alone_waits() {
    let project = watched(Project::on(Backend::Postgres));

    project.run("migrate --steps 1").ok();

    assert_eq!(seen(&project), ["2 on"]);
}

#[test]
fn a_protected_database_always_waits() {
    let project = watched(Project::on(Backend::Postgres))
        .file("manage.toml", "[environments.production]\nurl = \"${DATABASE_URL}\"\nprotected = true\n");

    project.run("migrate").ok();

    assert_eq!(seen(&project), ["2 on", "3 on", "4 on", "5 on"]);
}

#[test]
fn a_server_whose_standbys_wait_always_waits() {
    // The standby is named and not asked for: with `local` nobody waits for one that is not there.
    let cluster = Cluster::with().setting("synchronous_standby_names", "s1").setting("synchronous_commit", "local").start();
    let project =
        Project::new().migration("1_w", WITNESS, "").migration("2_a", "SELECT 1;", "").migration("3_b", "SELECT 1;", "");
    let url = cluster.url("postgres");
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("the server is there");

    project.command("migrate --steps 1").args(["--database", &url]).run().ok();
    project.command("migrate").args(["--database", &url]).run().ok();

    let rows = client.query("SELECT commits FROM seen WHERE version IN ('2', '3')", &[]).expect("it is there");
    assert!(rows.iter().all(|row| row.get::<_, String>(0) == "local"), "{rows:?}");
}

#[test]
fn a_run_that_fails_and_cannot_log_it_keeps_what_it_committed() {
    let project = watched(Project::on(Backend::Postgres)).migration("6_bad", "SELECT * FROM nowhere;", "SELECT 1;");
    // The failure cannot be logged, so the end has to see to it by itself.
    project.execute(
        "CREATE FUNCTION no_failures() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.action = 'failed' THEN RAISE 'no room'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER no_failures BEFORE INSERT ON manage.manage_migration_log FOR EACH ROW EXECUTE FUNCTION no_failures()",
    );
    project.remove("migrations/4_n");

    project.run("migrate").fails_with(3);

    assert_eq!(seen(&project), ["2 off", "3 off", "5 off"]);
    assert_eq!(history(&project), ["1", "2", "3", "5"]);
}
