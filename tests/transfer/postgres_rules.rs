//! Rules of a mapping, seen in the rows that they make on PostgreSQL.

use super::postgres_pair::*;
use super::*;

/// Rows that are there and rows that come, by what becomes of the former.
fn upserts(old: Old, conflict: &str) -> Pair {
    let pair = Pair::new(
        old,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT, note TEXT, made TEXT); \
         INSERT INTO a VALUES (1, 'same', 'same', 'old'), (2, 'newer', NULL, 'old'), (3, 'third', 'x', 'old')",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT, note TEXT, made TEXT, own TEXT); \
         INSERT INTO b VALUES (1, 'same', 'same', 'kept', 'a'), (2, 'older', 'kept', 'kept', 'b'), (9, 'native', NULL, NULL, 'c')",
        &format!("[[table]]\nfrom = \"a\"\nto = \"b\"\nconflict = \"{conflict}\"\npreserve = [\"made\"]\n"),
    );
    let facts = pair.run("transfer all --yes --json").exits_with(i32::from(conflict == "error")).json();
    adds_up(&facts);
    pair
}

each_old! {
    fn rows_that_are_there_are_updated_kept_refused_or_overwritten(old) {
        let all = "SELECT id, name, note, made, own FROM b ORDER BY id";
        let native = ["9", "native", "NULL", "NULL", "c"];
        let third = ["3", "third", "x", "old", "NULL"];
        let (first, second) = (["1", "same", "same", "kept", "a"], ["2", "older", "kept", "kept", "b"]);

        assert_eq!(upserts(old, "update").query(all), [first, ["2", "newer", "kept", "kept", "b"], third, native]);
        assert_eq!(upserts(old, "skip").query(all), [first, second, third, native]);
        let refused = upserts(old, "error");
        assert_eq!(refused.query(all), [first, second, native]);
        refused.run("transfer status --rejected").ok().says("b has id 1 already").says("b has id 2 already");
        assert_eq!(
            upserts(old, "replace").query(all),
            [["1", "same", "same", "old", "a"], ["2", "newer", "NULL", "old", "b"], third, native]
        );
    }

    fn a_second_run_touches_no_row(old) {
        for conflict in ["update", "skip", "replace"] {
            let pair = upserts(old, conflict);
            // A row that is written again is another version of it, even where it says the same.
            let versions = "SELECT id, xmin::text, ctid::text FROM b ORDER BY id";
            let before = pair.query(versions);

            let facts = pair.transferred();

            assert_eq!((facts["rows"].as_u64(), pair.query(versions)), (Some(0), before), "{conflict}");
            pair.run("transfer validate").ok();
        }
    }

    fn keys_are_drawn_anew_and_those_who_point_to_them_follow(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'ann'), (2, 'bob'), (3, 'cyd'); \
             CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER, label TEXT); INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, NULL, 'd')",
            "CREATE TABLE people (id BIGSERIAL PRIMARY KEY, name TEXT UNIQUE, things BIGINT DEFAULT 0); INSERT INTO people (id, name) VALUES (70, 'bob'); \
             CREATE TABLE things (id INTEGER PRIMARY KEY, owner BIGINT REFERENCES people (id), label TEXT)",
            "[[table]]\nfrom = \"person\"\nto = \"people\"\nnew_key = \"id\"\nmatch = [\"name\"]\n[table.after]\nthings = { count = \"things\", on = { owner = \"id\" } }\n\
             [[table]]\nfrom = \"thing\"\nto = \"things\"\n[table.column.owner]\nidmap = \"person\"\n",
        );

        pair.transferred();

        let owners = "SELECT t.label, p.name, p.things FROM things t LEFT JOIN people p ON p.id = t.owner ORDER BY t.id";
        assert_eq!(pair.query(owners), [["a", "ann", "1"], ["b", "bob", "1"], ["c", "cyd", "1"], ["d", "NULL", "NULL"]]);
        assert_eq!(pair.value("SELECT count(*) FROM people WHERE id >= 70"), "3", "no new key is below one that was there");
        pair.is_settled();
        assert_eq!(pair.value("INSERT INTO people (name) VALUES ('new') RETURNING id > (SELECT max(id) FROM people)"), "t");
    }

    fn columns_become_rows_and_keys_are_looked_up(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE config (guild BIGINT PRIMARY KEY, level_0 BIGINT, level_1 BIGINT, level_2 BIGINT); \
             INSERT INTO config VALUES (10, 100, NULL, 102), (20, 0, 201, 201)",
            "CREATE TABLE guilds (id BIGINT PRIMARY KEY); \
             CREATE TABLE ranks (id SERIAL PRIMARY KEY, guild BIGINT NOT NULL REFERENCES guilds (id), rank SMALLINT NOT NULL, name TEXT NOT NULL, UNIQUE (guild, rank)); \
             CREATE TABLE grants (id SERIAL PRIMARY KEY, guild BIGINT NOT NULL, role BIGINT NOT NULL, rank_id INTEGER NOT NULL REFERENCES ranks (id), UNIQUE (guild, role)); \
             INSERT INTO guilds VALUES (10), (20); INSERT INTO ranks (guild, rank, name) VALUES (20, 1, 'customised')",
            "[[table]]\nfrom = \"config\"\nto = \"guilds\"\nrename = { guild = \"id\" }\n\
             [[derive]]\nto = \"grants\"\nunpivot = { from = \"config\", columns = \"level_{n}\", n = \"0..2\" }\nmatch = [\"guild\", \"role\"]\nonly = { value = \"> 0\" }\nduplicates = \"last\"\norder = [\"n\"]\nset = { guild = \"col:guild\", role = \"value\" }\nlookup.rank_id = { table = \"ranks\", column = \"id\", on = { guild = \"col:guild\", rank = \"n\" } }\n\
             [[derive]]\nto = \"ranks\"\nunpivot = { from = \"config\", columns = \"level_{n}\", n = \"0..2\" }\nmatch = [\"guild\", \"rank\"]\nonly = { value = \"> 0\" }\nset = { guild = \"col:guild\", rank = \"n\", name = \"text:Rank {n}\" }\nupdate_only_if = { name = \"text:Rank {n}\" }\n",
        );

        let facts = pair.transferred();

        assert_eq!(
            pair.query("SELECT guild, rank, name FROM ranks ORDER BY guild, rank"),
            [["10", "0", "Rank 0"], ["10", "2", "Rank 2"], ["20", "1", "customised"], ["20", "2", "Rank 2"]]
        );
        assert_eq!(
            pair.query("SELECT g.guild, g.role, r.rank FROM grants g JOIN ranks r ON r.id = g.rank_id ORDER BY 1, 2"),
            [["10", "100", "0"], ["10", "102", "2"], ["20", "201", "2"]]
        );
        assert_eq!((table(&facts, "grants")["read"].as_u64(), table(&facts, "grants")["skipped"].as_u64()), (Some(5), Some(2)));
        assert_eq!(pair.transferred()["rows"], 0);
    }

    fn what_an_enum_does_not_know_becomes_what_the_mapping_says(old) {
        for (unknown, code, rows) in [("null", 0, "NEW -"), ("OTHER", 0, "NEW OTHER"), ("reject", 1, "NEW"), ("error", 1, "")] {
            let pair = Pair::new(
                old,
                "CREATE TABLE a (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO a VALUES (1, 'n-ew'), (2, 'odd')",
                "CREATE TYPE state AS ENUM ('NEW', 'OTHER'); CREATE TABLE b (id INTEGER PRIMARY KEY, s state)",
                &format!(
                    "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column.s]\nenum = \"s\"\n[enum.s]\nvalues = [\"NEW\"]\nmap = {{ N_EW = \"NEW\" }}\nnormalise = [\"upper\", \"-:_\"]\nunknown = \"{unknown}\"\n"
                ),
            );

            let facts = pair.run("transfer all --yes --json").exits_with(code).json();

            adds_up(&facts);
            assert_eq!(facts["warned_total"], u64::from(code == 0), "{facts}");
            assert_eq!(pair.value("SELECT coalesce(string_agg(coalesce(s::text, '-'), ' ' ORDER BY id), '') FROM b"), rows, "{unknown}");
        }
    }

    fn rows_go_in_in_the_order_that_is_asked_for_and_only_those_that_are_wanted(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, at TEXT, n INTEGER); INSERT INTO a VALUES (1, NULL, 1), (2, '2025', 1), (3, '2024', 1), (4, '2023', 0)",
            "CREATE TABLE b (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, old INTEGER UNIQUE, at TEXT, n INTEGER)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\nnew_key = \"id\"\nmatch = [\"old\"]\norder = [\"at nulls last\"]\nonly = { n = \"> 0\" }\n[table.column.old]\nfrom = \"id\"\n",
        );

        let facts = pair.transferred();

        assert_eq!(pair.value("SELECT string_agg(old::text, ' ' ORDER BY id) FROM b"), "3 2 1");
        assert_eq!(table(&facts, "b")["skipped"], 1);
        pair.run("transfer validate").ok();
    }
}

#[test]
fn values_are_mapped_kept_defaulted_and_worked_out() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE c (id INTEGER PRIMARY KEY, made BIGINT, seen TIMESTAMPTZ, note TEXT, on_off BOOLEAN, n NUMERIC); \
         INSERT INTO c VALUES (1, 1735725600, '2025-08-17 10:00+02', NULL, true, 1.25), (2, NULL, '2020-01-01', '', NULL, 40)",
        "CREATE TABLE cases (id INTEGER PRIMARY KEY, made TIMESTAMPTZ, seen TIMESTAMPTZ, note TEXT NOT NULL, flag BOOLEAN NOT NULL, n NUMERIC, tag TEXT, twice NUMERIC, data JSONB NOT NULL)",
        "[[table]]\nfrom = \"c\"\nto = \"cases\"\nrename = { on_off = \"flag\" }\ndefault = { flag = true }\nset = { tag = \"text:moved\", data = \"json:[1]\" }\n\
         [table.column]\nmade = { epoch = \"s\", coalesce = \"now\" }\nseen = { older_than = \"60d\", becomes = \"null\" }\nnote = { coalesce = \"text:none\" }\ntwice = { sql = { postgres = \"s.n * 2\" } }\n",
    );

    let facts = pair.run("transfer all --yes --json --now 2025-08-17T12:00:00Z").ok().json();

    adds_up(&facts);
    let at = |name: &str| format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')");
    assert_eq!(
        pair.query(&format!("SELECT {}, {}, note, flag, n, tag, twice, data FROM cases ORDER BY id", at("made"), at("seen"))),
        [
            ["2025-01-01 10:00:00", "2025-08-17 08:00:00", "none", "t", "1.25", "moved", "2.50", "[1]"],
            ["2025-08-17 12:00:00", "NULL", "", "t", "40", "moved", "80", "[1]"],
        ]
    );
    pair.run("transfer validate").ok();
    // Another day, the same values: what came from the clock stays.
    let again = pair.run("transfer all --yes --now 2025-08-18 --json").ok().json();
    assert_eq!((again["rows"].as_u64(), table(&again, "cases")["unchanged"].as_u64()), (Some(0), Some(2)), "{again}");
}
