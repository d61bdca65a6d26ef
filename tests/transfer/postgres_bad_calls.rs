//! Wrong servers, wrong roles, wrong ways: told plainly, without a password, and before anything is written.

use super::postgres_pair::*;
use super::*;

const SAME: &str = "[[table]]\nfrom = \"a\"\nto = \"b\"\n";
const OLD: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y')";
const NEW: &str = "CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT)";

fn simple(old: Old) -> Pair {
    Pair::new(old, OLD, NEW, SAME)
}

fn is_empty(pair: &Pair) {
    assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn the_source_is_named_by_the_environment_or_not_at_all() {
    let pair = simple(Old::Postgres);
    pair.write("transfer.toml", &format!("version = 1\n{SAME}"));

    pair.run("transfer all --yes").fails_with(2).says("OLD_DATABASE_URL");
    is_empty(&pair);
    pair.command("transfer all --yes").env("OLD_DATABASE_URL", pair.old_url()).run().ok().says("2 written");
}

#[test]
fn the_source_is_not_the_target_by_any_name() {
    let pair = simple(Old::Postgres);
    let name = pair.value("SELECT current_database()");
    pair.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)");

    for url in
        [pair.database_url().to_owned(), server().tcp_url(&name), format!("{}?application_name=other", server().tcp_url(&name))]
    {
        pair.command("transfer all --yes --source").args([url]).run().fails_with(2).says("the same database");
    }
    is_empty(&pair);
}

#[test]
fn a_password_is_nowhere_whether_it_is_wrong_or_right() {
    let cluster = Cluster::with().access("host all reader 127.0.0.1/32 scram-sha-256").start();
    cluster.execute(&format!("{OLD}; CREATE ROLE reader LOGIN PASSWORD 'The-Right-0ne'; GRANT SELECT ON a TO reader"));
    let pair = simple(Old::Sqlite);
    let url = |password: &str| cluster.tcp_url("postgres").replace("postgres@", &format!("reader:{password}@"));

    for json in ["", " --json"] {
        let wrong = pair.command(&format!("transfer all --yes{json} --source")).args([url("The-Wr0ng-one")]).run();
        wrong.fails_with(3).says("password authentication failed").does_not_say("The-Wr0ng-one");
    }
    is_empty(&pair);
    pair.write("transfer.toml", &format!("version = 1\n[source]\nurl = \"{}\"\n{SAME}", url("The-Right-0ne")));
    let spoken = [
        "transfer audit --json",
        "transfer dry-run",
        "transfer all --yes --json --log log.txt",
        "transfer status --json",
        "transfer validate",
        "runs show 1",
        "runs list --json",
        "notes list --json",
        "notes show 1",
    ];
    for command in spoken {
        pair.run(command).ok().does_not_say("The-Right-0ne");
    }
    assert!(!pair.read("log.txt").contains("The-Right-0ne"));
    assert!(!pair.everything().contains("The-Right-0ne"), "the ledger keeps no password");
    assert_eq!(pair.value("SELECT count(*) FROM b"), "2");
}

#[test]
fn servers_and_databases_that_are_not_there() {
    let pair = simple(Old::Postgres);
    let (there, gone) = (pair.old().value("SELECT current_database()"), "nobody_made_this");

    let outcome = pair.command("transfer all --yes --source").args([pair.old_url().replace(&there, gone)]).run();
    outcome.fails_with(3).says(gone).says("--source");
    let outcome = pair.command("transfer all --yes --source postgres://me:secret@127.0.0.1:1/old").run();
    outcome.fails_with(3).says("127.0.0.1:1").does_not_say("secret");
    let outcome = pair.command("transfer all --yes --target").args([pair.old_url().replace(&there, gone)]).run();
    outcome.fails_with(3).says(gone);
    assert_eq!(pair.value(&format!("SELECT count(*) FROM pg_database WHERE datname = '{gone}'")), "0", "nothing is made");
    is_empty(&pair);
}

#[test]
fn from_a_server_into_a_file_there_is_no_way() {
    let project = little(Project::new());
    let old = Project::on(Backend::Postgres);
    old.execute("CREATE TABLE guest (id INTEGER PRIMARY KEY, label TEXT)");

    let outcome = project.command("transfer all --yes --source").args([old.database_url()]).run();

    outcome.fails_with(2).says("no way from PostgreSQL into an SQLite file");
    assert_eq!(project.value("SELECT count(*) FROM guests"), "0");
}

#[test]
fn a_target_that_can_only_be_read_is_told() {
    let pair = simple(Old::Postgres);
    let name = pair.value("SELECT current_database()");
    pair.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));

    pair.run("transfer all --yes").fails_with(3).says("read-only transaction");

    is_empty(&pair);
}

#[test]
fn a_source_that_the_role_may_not_read_is_told() {
    let pair = simple(Old::Postgres);
    let role = format!("reader_of_{}", pair.value("SELECT current_database()"));
    pair.in_old(&format!("CREATE ROLE {role} LOGIN"));

    let url = pair.old_url().replace("postgres@", &format!("{role}@"));
    let outcome = pair.command("transfer all --yes --source").args([&url]).run();
    pair.in_old(&format!("GRANT SELECT ON a TO {role}"));
    let allowed = pair.command("transfer all --yes --source").args([&url]).run();

    pair.in_old(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    outcome.fails_with(3).says("permission denied for table a");
    allowed.ok().says("2 written");
}

#[test]
fn a_target_in_another_encoding_is_refused() {
    let pair = simple(Old::Sqlite);
    let name = format!("{}_latin", pair.value("SELECT current_database()"));
    pair.execute(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"));
    let latin = Project::at(&server().url(&name));
    latin.execute(NEW);

    let outcome = pair.command("transfer all --yes --target").args([server().url(&name)]).run();
    let rows = latin.value("SELECT count(*) FROM b");

    pair.execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
    assert_eq!(rows, "0");
    outcome.fails_with(2).says("not encoded in UTF8");
    drop(latin);
}

#[test]
fn sql_of_a_mapping_reads_one_row_and_does_nothing_else() {
    for sql in
        ["s.nope +", "1); DROP TABLE b; --", "pg_sleep('x')", "(SELECT count(*) FROM nowhere)", "1) AS x, (2", "nextval('q')"]
    {
        let pair = Pair::new(
            Old::Postgres,
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE SEQUENCE q; INSERT INTO a VALUES (1), (2)",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, n BIGINT)",
            &format!("{SAME}[table.column.n]\nsql = {{ postgres = \"{sql}\" }}\n"),
        );

        let outcome = pair.run("transfer all --yes");

        assert_ne!(outcome.code, 0, "{sql}\n{outcome}");
        outcome.does_not_say("panicked");
        is_empty(&pair);
        assert_eq!(pair.old().value("SELECT is_called FROM q"), "f", "the source is only read");
    }
}

#[test]
fn triggers_of_the_target_are_refused_until_they_are_meant() {
    let pair = simple(Old::Postgres);
    pair.execute(
        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 2 THEN NEW.v := ''other''; END IF; RETURN NEW; END'; \
         CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION other()",
    );

    pair.run("transfer all --yes").fails_with(2).says("b has triggers");
    pair.edit("transfer.toml", |text| text.replace("[[table]]", "[options]\ntriggers = \"fire\"\n[[table]]"));
    // One that changes what is written is found by the comparison.
    pair.run("transfer all --yes").fails_with(1).says("b id 2: v is 'other', expected 'y'");
    is_empty(&pair);
    // So is one that keeps a row out.
    pair.execute("CREATE OR REPLACE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW; END'");
    pair.run("transfer all --yes").fails_with(1).says("b id 2 is missing");
    is_empty(&pair);
}

#[test]
fn rows_that_a_policy_hides_are_not_left_behind_unsaid() {
    let pair = simple(Old::Postgres);
    let role = format!("blinkered_{}", pair.value("SELECT current_database()"));
    pair.in_old(&format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT ON a TO {role}; ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (id = 1)"
    ));

    let outcome =
        pair.command("transfer all --yes --source").args([pair.old_url().replace("postgres@", &format!("{role}@"))]).run();

    pair.in_old(&format!("DROP POLICY p ON a; DROP OWNED BY {role}; DROP ROLE {role}"));
    outcome.fails_with(3).says("row-level security");
    is_empty(&pair);
}
