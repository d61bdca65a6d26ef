//! Every rule of a mapping, seen in the rows that it makes.

use super::*;

#[test]
fn values_are_mapped_kept_defaulted_and_normalised() {
    let project = pair(
        "CREATE TABLE c (id INTEGER PRIMARY KEY, kind TEXT, roles TEXT, at DATETIME, made INTEGER, note TEXT, on_off INTEGER);
         INSERT INTO c VALUES (1, 'poll-ban', '{1,9007199254740993}', '2025-01-01T10:00:00Z', 1735725600, NULL, 1),
                              (2, 'BAN', '[3]', '2025-01-01 12:00:00+02:00', 1735725601, 'x', NULL),
                              (3, 'UNTEMPBAN', NULL, '2025-01-01', NULL, '', 0);",
        "CREATE TABLE cases (id INTEGER PRIMARY KEY, type TEXT, roles JSON NOT NULL, at TIMESTAMP, made TIMESTAMP, note TEXT NOT NULL, flag BOOLEAN NOT NULL, tag TEXT, twice INTEGER);",
        "[[table]]\nfrom = \"c\"\nto = \"cases\"\nrename = { kind = \"type\", on_off = \"flag\" }\ndefault = { flag = true }\nset = { tag = \"text:moved\" }\n\
         [table.column]\ntype = { enum = \"type\" }\nroles = { to_json = true, coalesce = \"json:[]\" }\nmade = { epoch = \"s\", coalesce = \"now\" }\nnote = { coalesce = \"text:none\" }\ntwice = { sql = { sqlite = \"s.id * 2\" } }\n\
         [enum.type]\nvalues = [\"BAN\"]\nmap = { POLL_BAN = \"POLLBAN\", UNTEMPBAN = \"UNBAN\" }\nnormalise = [\"upper\", \"-:_\"]\nunknown = \"error\"\n",
    );

    project.run("transfer all --yes --now 2025-08-17T12:00:00Z").ok();

    assert_eq!(
        project.query("SELECT id, type, roles, at, made, note, flag, tag, twice FROM cases ORDER BY id"),
        [
            ["1", "POLLBAN", "[1, 9007199254740993]", "2025-01-01 10:00:00", "2025-01-01 10:00:00", "none", "1", "moved", "2"],
            ["2", "BAN", "[3]", "2025-01-01 10:00:00", "2025-01-01 10:00:01", "x", "1", "moved", "4"],
            ["3", "UNBAN", "[]", "2025-01-01 00:00:00", "2025-08-17 12:00:00", "", "0", "moved", "6"],
        ]
    );
    project.run("transfer validate").ok();
    // Another day, the same values: what came from the clock stays.
    let again = project.run("transfer all --yes --now 2026-01-01 --json").ok().json();
    assert_eq!((again["rows"].as_u64(), table(&again, "cases")["unchanged"].as_u64()), (Some(0), Some(3)));
}

#[test]
fn what_an_enum_does_not_know_becomes_what_the_mapping_says() {
    let old = "CREATE TABLE a (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO a VALUES (1, 'new'), (2, 'odd');";
    for (unknown, code, value) in [("null", 0, "NULL"), ("OTHER", 0, "OTHER"), ("reject", 1, ""), ("error", 1, "")] {
        let project = pair(
            old,
            "CREATE TABLE b (id INTEGER PRIMARY KEY, s TEXT)",
            &format!(
                "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column.s]\nenum = \"s\"\n[enum.s]\nvalues = [\"new\"]\nunknown = \"{unknown}\"\n"
            ),
        );

        let facts = project.run("transfer all --yes --json").exits_with(code).json();

        adds_up(&facts);
        assert_eq!(facts["warned_total"], u64::from(code == 0), "{facts}");
        let rows = project.query("SELECT s FROM b WHERE id = 2").concat().concat();
        assert_eq!(rows, value, "{unknown}");
        // `error` stops, although rejected rows do not.
        assert_eq!(
            project.value("SELECT count(*) FROM b"),
            if unknown == "error" {
                "0"
            } else if code == 0 {
                "2"
            } else {
                "1"
            }
        );
    }
}

fn upserts(conflict: &str) -> Project {
    let project = pair(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT, note TEXT, made TEXT);
         INSERT INTO a VALUES (1, 'same', 'same', 'old'), (2, 'newer', NULL, 'old'), (3, 'third', 'x', 'old');",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT, note TEXT, made TEXT, own TEXT);
         INSERT INTO b VALUES (1, 'same', 'same', 'kept', 'a'), (2, 'older', 'kept', 'kept', 'b'), (9, 'native', NULL, NULL, 'c');",
        &format!("[[table]]\nfrom = \"a\"\nto = \"b\"\nconflict = \"{conflict}\"\npreserve = [\"made\"]\n"),
    );
    project.run("transfer all --yes --json");
    project
}

#[test]
fn rows_that_are_there_are_updated_kept_refused_or_overwritten() {
    let all = "SELECT id, name, note, made, own FROM b ORDER BY id";
    let native = ["9", "native", "NULL", "NULL", "c"];
    let third = ["3", "third", "x", "old", "NULL"];

    let updated = upserts("update");
    assert_eq!(updated.query(all), [["1", "same", "same", "kept", "a"], ["2", "newer", "kept", "kept", "b"], third, native]);
    let skipped = upserts("skip");
    assert_eq!(skipped.query(all), [["1", "same", "same", "kept", "a"], ["2", "older", "kept", "kept", "b"], third, native]);
    let refused = upserts("error");
    assert_eq!(refused.query(all), [["1", "same", "same", "kept", "a"], ["2", "older", "kept", "kept", "b"], native]);
    refused.run("transfer status --rejected").ok().says("b has id 1 already");
    let replaced = upserts("replace");
    assert_eq!(replaced.query(all), [["1", "same", "same", "old", "a"], ["2", "newer", "NULL", "old", "b"], third, native]);
}

#[test]
fn a_second_run_touches_no_row() {
    for conflict in ["update", "skip", "replace"] {
        let project = upserts(conflict);
        project.execute(
            "CREATE TABLE touched (id); CREATE TRIGGER t AFTER UPDATE ON b BEGIN INSERT INTO touched VALUES (NEW.id); END",
        );
        project.edit("transfer.toml", |text| text.replace("version = 1", "version = 1\n[options]\ntriggers = \"fire\""));

        let facts = project.run("transfer all --yes --json").ok().json();

        adds_up(&facts);
        assert_eq!(facts["rows"], 0, "{conflict}");
        assert_eq!(project.value("SELECT count(*) FROM touched"), "0", "{conflict}");
        project.run("transfer validate").ok();
    }
}

#[test]
fn columns_become_rows_and_keys_are_looked_up() {
    let project = pair(
        "CREATE TABLE config (guild INTEGER PRIMARY KEY, level_0 INTEGER, level_1 INTEGER, level_2 INTEGER);
         INSERT INTO config VALUES (10, 100, NULL, 102), (20, 0, 201, 201);",
        "CREATE TABLE guilds (id INTEGER PRIMARY KEY);
         CREATE TABLE ranks (id INTEGER PRIMARY KEY AUTOINCREMENT, guild INTEGER NOT NULL REFERENCES guilds (id), rank INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (guild, rank));
         CREATE TABLE grants (id INTEGER PRIMARY KEY AUTOINCREMENT, guild INTEGER NOT NULL, role INTEGER NOT NULL, rank_id INTEGER NOT NULL REFERENCES ranks (id), UNIQUE (guild, role));
         INSERT INTO guilds VALUES (10), (20); INSERT INTO ranks (guild, rank, name) VALUES (20, 1, 'customised');",
        "[[table]]\nfrom = \"config\"\nto = \"guilds\"\nrename = { guild = \"id\" }\n\
         [[derive]]\nto = \"grants\"\nunpivot = { from = \"config\", columns = \"level_{n}\", n = \"0..2\" }\nmatch = [\"guild\", \"role\"]\nonly = { value = \"> 0\" }\nduplicates = \"last\"\norder = [\"n\"]\nset = { guild = \"col:guild\", role = \"value\" }\nlookup.rank_id = { table = \"ranks\", column = \"id\", on = { guild = \"col:guild\", rank = \"n\" } }\n\
         [[derive]]\nto = \"ranks\"\nunpivot = { from = \"config\", columns = \"level_{n}\", n = \"0..2\" }\nmatch = [\"guild\", \"rank\"]\nonly = { value = \"> 0\" }\nset = { guild = \"col:guild\", rank = \"n\", name = \"text:Rank {n}\" }\nupdate_only_if = { name = \"text:Rank {n}\" }\n",
    );

    let facts = project.run("transfer all --yes --json").ok().json();

    adds_up(&facts);
    assert_eq!(
        project.query("SELECT guild, rank, name FROM ranks ORDER BY guild, rank"),
        [["10", "0", "Rank 0"], ["10", "2", "Rank 2"], ["20", "1", "customised"], ["20", "2", "Rank 2"],]
    );
    assert_eq!(
        project.query("SELECT g.guild, g.role, r.rank FROM grants g JOIN ranks r ON r.id = g.rank_id ORDER BY 1, 2"),
        [["10", "100", "0"], ["10", "102", "2"], ["20", "201", "2"],]
    );
    // Role 0 stays behind, and so does the lower of two levels.
    assert_eq!((table(&facts, "grants")["read"].as_u64(), table(&facts, "grants")["skipped"].as_u64()), (Some(5), Some(2)));
    let again = project.run("transfer all --yes --json").ok().json();
    assert_eq!(again["rows"], 0);
}

#[test]
fn rows_go_in_in_the_order_that_is_asked_for_and_only_those_that_are_wanted() {
    let project = pair(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, at TEXT, n INTEGER); INSERT INTO a VALUES (1, NULL, 1), (2, '2025', 1), (3, '2024', 1), (4, '2023', 0);",
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, old INTEGER UNIQUE, at TEXT, n INTEGER)",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\nnew_key = \"id\"\nmatch = [\"old\"]\norder = [\"at nulls last\"]\nonly = { n = \"> 0\" }\n[table.column.old]\nfrom = \"id\"\n",
    );

    let facts = project.run("transfer all --yes --json").ok().json();

    adds_up(&facts);
    assert_eq!(project.query("SELECT id, old FROM b ORDER BY id"), [["1", "3"], ["2", "2"], ["3", "1"]]);
    assert_eq!(table(&facts, "b")["skipped"], 1);
    project.run("transfer validate").ok();
}

#[test]
fn indexes_are_as_they_were_after_many_rows() {
    let project = pair(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, t TEXT);
         WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x WHERE i < 12000) INSERT INTO a SELECT i, i % 7, 'row ' || i FROM x;",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER, t TEXT); CREATE INDEX b_n ON b (n, t) WHERE n > 1; CREATE UNIQUE INDEX b_t ON b (t);",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );
    let schema = project.schema();

    project.run("transfer all --yes").ok().says("12 000 written").says("k/s");

    assert_eq!(project.schema(), schema);
    assert_eq!(project.value("PRAGMA integrity_check"), "ok");
    project.run("transfer validate").ok();
    project.run("transfer rollback --yes").ok();
    assert_eq!(project.value("SELECT count(*) FROM b"), "0");
}

/// So many rows that both sides are added up at the same time, with times and JSON in several spellings.
fn long() -> Project {
    pair(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, at DATETIME, data TEXT);
         WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x WHERE i < 12000)
         INSERT INTO a SELECT i, CASE i % 3 WHEN 0 THEN '2025-01-01T10:00:00+02:00' WHEN 1 THEN '2025-01-01 10:00:00' END,
             CASE i % 4 WHEN 0 THEN '{\"bb\":[-0, -1.50,1e2],\"a\":\"x\\ny\"}' WHEN 1 THEN '[ 1,' || i || ']' WHEN 2 THEN '\"é\"' END FROM x;",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, at TIMESTAMP, data JSON NOT NULL);",
        "[options]\ntriggers = \"fire\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column]\ndata = { coalesce = \"json:[]\" }\n",
    )
}

#[test]
fn both_sides_of_a_long_table_say_the_same() {
    let project = long();

    let facts = project.run("transfer all --yes --json").ok().json();

    adds_up(&facts);
    assert_eq!(table(&facts, "b")["written"], 12_000);
    assert_eq!(project.value("SELECT at || data FROM b WHERE id = 3"), "2025-01-01 08:00:00[]");
    project.run("transfer validate").ok();
    project.run("transfer rollback --yes").ok();
    assert_eq!(project.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn one_row_of_a_long_table_that_is_another_one_takes_everything_back() {
    for change in ["at = '2025-01-01 10:00:01'", "data = '[1, 7778]'"] {
        let project = long();
        let trigger = "CREATE TRIGGER t AFTER INSERT ON b WHEN NEW.id = 7777 BEGIN UPDATE b SET";
        project.execute(&format!("{trigger} {change} WHERE id = NEW.id; END"));

        project.run("transfer all --yes").fails_with(1).says("the checksum is").says("b id 7777");

        assert_eq!(project.value("SELECT count(*) FROM b"), "0");
    }
}

#[test]
fn somebody_who_writes_to_the_source_of_a_long_table_is_noticed() {
    let project = long();
    on(&project, "old.db", "PRAGMA journal_mode = WAL");
    let running = project.command("transfer all --yes --json").held_at("transfer.copied");
    on(&project, "old.db", "INSERT INTO a VALUES (12001, NULL, '[]')");

    let facts = running.go_on().wait().fails_with(5).json();

    assert!(facts["error"]["message"].as_str().is_some_and(|text| text.contains("somebody wrote to the source")), "{facts}");
    assert_eq!(project.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn a_table_without_a_key_and_one_without_row_numbers_go_over_too() {
    let project = pair(
        "CREATE TABLE a (x TEXT, y INTEGER); INSERT INTO a VALUES ('p', 1), ('q', NULL);
         CREATE TABLE w (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO w VALUES ('k', 1, 'one'), ('k', 2, NULL);",
        "CREATE TABLE a (x TEXT UNIQUE, y INTEGER);
         CREATE TABLE w (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO w VALUES ('k', 1, 'old');",
        "[[table]]\nfrom = \"a\"\nto = \"a\"\n[[table]]\nfrom = \"w\"\nto = \"w\"\n",
    );

    let facts = project.run("transfer all --yes --json").ok().json();

    adds_up(&facts);
    assert_eq!(project.query("SELECT * FROM a ORDER BY x"), [["p", "1"], ["q", "NULL"]]);
    assert_eq!(project.query("SELECT * FROM w ORDER BY b"), [["k", "1", "one"], ["k", "2", "NULL"]]);
    project.run("transfer rollback --yes").ok();
    assert_eq!(project.query("SELECT * FROM w"), [["k", "1", "old"]]);
    assert_eq!(project.value("SELECT count(*) FROM a"), "0");
}

#[test]
fn rows_of_one_table_may_point_to_one_another() {
    let project = pair(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, boss INTEGER); INSERT INTO a VALUES (1, 2), (2, NULL), (3, 9);",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES b (id))",
        "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );

    let facts = project.run("transfer all --yes --json").fails_with(1).json();

    adds_up(&facts);
    assert_eq!(project.query("SELECT id, boss FROM b ORDER BY id"), [["1", "2"], ["2", "NULL"]]);
}
