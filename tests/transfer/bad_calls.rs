//! Wrong files, wrong names, wrong mappings: told before anything is written.

use super::*;

#[test]
fn a_missing_source_is_an_error_and_is_not_made() {
    let project = little(Project::new());

    let outcome = project.run("transfer all --source nowhere.db --yes");

    outcome.fails_with(3).says("nowhere.db does not exist").says("--source").snapshot("transfer_missing_source");
    assert!(!project.has("nowhere.db"));
    assert_eq!(project.value("SELECT count(*) FROM guests"), "0");
}

#[test]
fn a_missing_target_is_an_error_and_is_not_made() {
    let project = little(Project::new());

    let outcome = project.run("transfer all --source old.db --target nowhere.db --yes");

    outcome.fails_with(3).says("nowhere.db does not exist").says("--target");
    assert!(!project.has("nowhere.db"));
}

#[test]
fn the_source_is_not_the_target_by_any_name() {
    let project = little(Project::new());
    std::os::unix::fs::symlink(project.path("manage.db"), project.path("link.db")).expect("the folder is ours");

    for source in ["manage.db", "./migrations/../manage.db", "sqlite:manage.db", "link.db"] {
        project.run(&format!("transfer all --source {source} --yes")).fails_with(2).says("the same database");
    }
}

#[test]
fn it_is_said_when_nobody_names_the_source() {
    let project = little(Project::new());

    project.run("transfer dry-run").fails_with(2).says("OLD_DATABASE_URL").snapshot("transfer_no_source");
    project.command("transfer dry-run").env("OLD_DATABASE_URL", "old.db").run().ok();
    project.edit("transfer.toml", |text| text.replace("version = 1", "version = 1\n[source]\nurl = \"env:THE_OLD_ONE\""));
    project.run("transfer dry-run").fails_with(2).says("`THE_OLD_ONE` is not set");
}

#[test]
fn two_ways_to_name_the_target_are_one_too_many() {
    let project = little(Project::new());

    project.run("transfer all --source old.db --target a.db --database b.db").fails_with(2).says("--target and --database");
}

#[test]
fn a_server_is_refused_plainly() {
    let project = little(Project::new());

    let outcome = project.run("transfer all --source postgres://u:secret@localhost/old --yes");

    outcome.fails_with(2).says("there is no way from PostgreSQL into an SQLite file").does_not_say("secret");
}

#[test]
fn everything_that_is_wrong_with_a_mapping_is_told_at_once_with_its_line() {
    let project = pair(
        "CREATE TABLE creator (id INTEGER PRIMARY KEY, name TEXT, born TEXT); CREATE TABLE extra (a);",
        "CREATE TABLE creators (id INTEGER PRIMARY KEY, username TEXT NOT NULL, since TIMESTAMP NOT NULL);",
        "[[table]]\nfrom = \"creator\"\nto = \"creators\"\nrename = { nmae = \"username\" }\n[[table]]\nfrom = \"comand\"\nto = \"creators\"\n",
    );

    let outcome = project.run("transfer validate-schema");

    outcome
        .exits_with(1)
        .says("transfer.toml:7 the table creator of the source has no column `nmae` (did you mean `name`?)")
        .says("transfer.toml:9 the source has no table `comand`")
        .says("creators.since takes no NULL, has no default and gets no value")
        .says("what becomes of the table extra")
        .says("two tables of the mapping write to `creators`");
    project.run("transfer all --yes").fails_with(2).snapshot("transfer_bad_mapping");
    let facts = project.run("transfer validate-schema --json").exits_with(1).json();
    assert_eq!(facts["valid"], false);
    assert!(facts["issues"].as_array().is_some_and(|issues| issues.len() >= 5), "{facts}");
}

#[test]
fn a_column_that_goes_nowhere_is_an_error_until_it_is_skipped() {
    let project = little(Project::new());
    on(&project, "old.db", "ALTER TABLE guest ADD COLUMN seat INTEGER");

    project.run("transfer dry-run --source old.db").fails_with(2).says("guest.seat of the source goes nowhere");
    project.edit("transfer.toml", |text| format!("{text}skip = [\"seat\"]\n"));
    project.run("transfer dry-run --source old.db").ok();
}

#[test]
fn a_word_that_is_not_known_is_told_with_its_line_and_the_nearest_one() {
    let project = little(Project::new());
    project.edit("transfer.toml", |text| text.replace("rename", "renmae"));

    let outcome = project.run("transfer dry-run --source old.db");

    outcome.fails_with(2).says("transfer.toml:5").says("did you mean `rename`?").snapshot("transfer_unknown_word");
}

#[test]
fn a_target_without_the_table_or_a_column_is_named() {
    let project = little(Project::new());
    project.execute("DROP TABLE guests");
    project.run("transfer all --source old.db --yes").fails_with(2).says("the target has no table `guests`");

    project.execute("CREATE TABLE guests (id INTEGER PRIMARY KEY)");
    project.run("transfer all --source old.db --yes").fails_with(2).says("the table guests of the target has no column `name`");
}

#[test]
fn triggers_of_the_target_are_refused_until_they_are_meant() {
    let project = little(Project::new());
    project.execute("CREATE TRIGGER t AFTER INSERT ON guests BEGIN SELECT 1; END");

    project.run("transfer all --source old.db --yes").fails_with(2).says("guests has triggers");
    project.edit("transfer.toml", |text| text.replace("version = 1", "version = 1\n[options]\ntriggers = \"fire\""));
    project.run("transfer all --source old.db --yes").ok();
}

#[test]
fn a_locked_target_is_waited_for_and_named() {
    let project = little(Project::new());
    let holder = rusqlite::Connection::open(project.path("manage.db")).expect("it opens");
    project.run("transfer all --source old.db --yes").ok();
    project.execute("DELETE FROM guests");
    holder.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");

    // The ledger is up to date, so that the first wait is that for the lock on the file.
    let outcome = project.command("transfer all --source old.db --yes --lock-timeout 0").env("MANAGE_TEST", "1").run();

    assert_ne!(outcome.code, 0, "{outcome}");
    outcome.says("locked");
    holder.execute_batch("ROLLBACK").expect("it is open");
    assert_eq!(project.value("SELECT count(*) FROM guests"), "0");
}

#[test]
fn without_a_project_the_files_are_enough() {
    let project = little(Project::new());
    std::fs::create_dir(project.home().join("files")).expect("ours");
    for file in ["old.db", "manage.db", "transfer.toml"] {
        std::fs::copy(project.path(file), project.home().join("files").join(file)).expect("ours");
    }

    let outcome = project
        .command("transfer all --map transfer.toml --source old.db --target manage.db --yes")
        .within("../home/files")
        .without_env("DATABASE_URL")
        .run();

    outcome.ok();
    project.command("transfer status --target manage.db").within("../home/files").run().ok().says("2 written");
}

#[test]
fn a_source_that_somebody_holds_is_told() {
    let project = little(Project::new());
    let holder = rusqlite::Connection::open(project.path("old.db")).expect("it opens");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("nobody else is there");

    let outcome = project.run("transfer all --source old.db --yes");

    outcome.fails_with(6).says("old.db").says("locked");
    holder.execute_batch("ROLLBACK").expect("it is open");
    project.run("transfer all --source old.db --yes").ok();
}

#[test]
fn a_target_without_any_history_is_no_error() {
    let project = little(Project::new());
    assert_eq!(project.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%migrations%' OR name LIKE 'manage%'"), "0");

    project.run("transfer validate-schema --source old.db").ok();
    project.run("transfer preflight --source old.db").ok().says("none is pending");
    project.run("transfer rollback").fails_with(2).says("no transfer was applied to this database");
    project.run("transfer validate --source old.db").says("no transfer");
    assert_eq!(project.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'manage%'"), "0", "looking makes nothing");
    project.run("transfer all --source old.db --yes").ok();
}

/// What a mapping that is wrong in one place says, and that nothing is made of it.
#[test]
fn each_slip_of_a_mapping_is_told() {
    let table = "[[table]]\nfrom = \"a\"\nto = \"b\"\n";
    let slips = [
        ("set = { g = \"text:x\" }", "b.g is worked out by the database, and takes no value"),
        ("skip = [\"n\"]\nrename = { n = \"n\" }", "`n` is renamed and skipped"),
        ("new_key = \"id\"\nmatch = [\"n\"]\n[table.column.p]\nidmap = \"a\"", "so that `p` cannot point to them yet"),
        ("[table.column.p]\nidmap = \"zz\"", "`zz` is no table that the mapping moves"),
        ("[table.column.n]\nenum = \"zz\"", "there is no [enum.zz]"),
        ("[table.column.t]\nolder_than = \"60 years\"\nbecomes = \"now\"", "`60 years` is no age"),
        ("[table.column.t]\nolder_than = \"60d\"", "it is not said what an older value becomes"),
        ("[table.column.t]\nzone = \"Mars\"", "`Mars` is no zone"),
        ("set = { p = \"1\" }", "`1`"),
        ("only = { id = \"> x\" }", "`x` is not a number"),
        ("order = [\"zz\"]", "has no column `zz`"),
        ("match = [\"zz\"]", "`zz` gets no value"),
        ("new_key = \"n\"", "`n` is not the primary key of b"),
        ("[table.after]\np = { count = \"zz\", on = { id = \"id\" } }", "the target has no table `zz`"),
        ("[verify]\nexpect = { zz = 1 }", "the source has no table `zz`"),
        ("[verify.spot]\nzz = { n = [\"x\"] }", "the source has no table `zz`"),
        ("[verify.spot]\na = { zz = [\"x\"] }", "the table a of the source has no column `zz`"),
        (
            "[[derive]]\nto = \"c\"\nunpivot = { from = \"a\", columns = \"l_{n}\", n = \"0..999999999999\" }\nmatch = [\"id\"]\nset = { id = \"n\" }",
            "`0..999999999999` are no numbers",
        ),
    ];
    let project = pair(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT, t DATETIME, p INTEGER); INSERT INTO a VALUES (1, 'x', '2025-01-01', 1);",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT UNIQUE, t DATETIME, p INTEGER, g TEXT GENERATED ALWAYS AS (n || '!') STORED); CREATE TABLE c (id INTEGER PRIMARY KEY);",
        table,
    );
    project.run("transfer dry-run").ok();

    for (slip, told) in slips {
        project.write("transfer.toml", &format!("version = 1\n[source]\nurl = \"old.db\"\n{table}{slip}\n"));
        project.run("transfer dry-run").fails_with(2).says(told).says("transfer.toml:");
    }
    assert_eq!(project.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn sql_of_a_mapping_reads_one_row_and_does_nothing_else() {
    for sql in ["s.nope +", "1); DROP TABLE b; --", "load_extension('x')", "(SELECT count(*) FROM nowhere)", "1) AS x, (2"] {
        let project = pair(
            "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1), (2);",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER)",
            &format!("[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column.n]\nsql = {{ sqlite = \"{sql}\" }}\n"),
        );

        let outcome = project.run("transfer all --yes");

        assert_ne!(outcome.code, 0, "{sql}\n{outcome}");
        outcome.does_not_say("panicked");
        assert_eq!(project.value("SELECT count(*) FROM b"), "0", "{sql}");
    }
}
