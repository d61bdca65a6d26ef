//! Table after table in parts that are committed one by one: it comes to the same, is taken up again, refused, taken back.
#![cfg(any(debug_assertions, feature = "faults"))]

use std::time::Duration;

use manage::domain::fault;

use super::postgres_pair::*;
use super::*;
use crate::splitter::random::{Random, tries};

/// Keys of numbers and of texts; the texts look like the conditions that cut a table.
const OLD: &str = "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT); \
    INSERT INTO owner VALUES (1, 'ann'), (2, 'bob'), (3, 'cid'); \
    CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER, label TEXT); \
    CREATE TABLE word (w TEXT PRIMARY KEY, n INTEGER); \
    INSERT INTO word VALUES ('a <= b', 1), ('a > b', 2), ('it''s', 3), ('x <= y AND y > z', 4), ('z\\', 5), ('éa', 6), ('', 7)";

const THINGS: [&str; 2] = [
    "WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 40) INSERT INTO thing SELECT i * 3, i % 3 + 1, 'thing ' || i FROM g",
    "INSERT INTO thing SELECT i * 3, i % 3 + 1, 'thing ' || i FROM generate_series(1, 40) AS g (i)",
];

const NEW: &str = "CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT, things BIGINT DEFAULT 0); \
    CREATE TABLE things (id SERIAL PRIMARY KEY, owner INTEGER NOT NULL REFERENCES owners (id), label TEXT NOT NULL UNIQUE, seen BOOLEAN DEFAULT false); \
    CREATE TABLE words (w TEXT PRIMARY KEY, n INTEGER)";

const MAPPING: &str = "[[table]]\nfrom = \"owner\"\nto = \"owners\"\n[table.after]\nthings = { count = \"things\", on = { owner = \"id\" } }\n\
    [[table]]\nfrom = \"thing\"\nto = \"things\"\n[[table]]\nfrom = \"word\"\nto = \"words\"\n";

fn pair(old: Old) -> Pair {
    let pair = Pair::new(old, &format!("{OLD}; {}", THINGS[usize::from(old == Old::Postgres)]), NEW, MAPPING);
    pair.run("notes add --title begun").ok();
    pair
}

/// All rows.
fn rows(pair: &Pair) -> Vec<Vec<String>> {
    pair.query(
        "SELECT 'owner', id::text, name, things::text FROM owners \
         UNION ALL SELECT 'thing', id::text, label, owner || ' ' || seen FROM things UNION ALL SELECT 'word', w, n::text, '' FROM words ORDER BY 1, 2",
    )
}

/// The rows as a transfer in one piece has them.
fn whole(old: Old) -> Vec<Vec<String>> {
    let pair = pair(old);
    pair.run("transfer all --yes").ok();
    let rows = rows(&pair);
    assert_eq!(rows.len(), 50);
    rows
}

/// In parts of seven rows: one of owners, six of things, two of words, of which the last one has none left.
const BY_TABLE: &str = "transfer all --yes --by-table --rows 7";

each_old! {
    fn it_comes_to_the_same(old) {
        for size in [1, 6, 7, 40, 41] {
            let pair = pair(old);

            let facts = pair.run(&format!("transfer all --yes --json --by-table --rows {size}")).ok().json();

            adds_up(&facts);
            let inserted = |table: &serde_json::Value| table["inserted"].as_u64();
            assert_eq!(facts["tables"].as_array().expect("tables").iter().filter_map(inserted).sum::<u64>(), 50, "{size}: {facts}");
            assert_eq!(rows(&pair), whole(old), "{size}");
            assert_eq!(pair.run("transfer validate --json").ok().json()["valid"], true);
            // What is drawn next lies behind all parts.
            pair.execute("INSERT INTO things (owner, label) VALUES (1, 'drawn')");
            assert_eq!(pair.value("SELECT id FROM things WHERE label = 'drawn'"), "121");
        }
    }

    fn a_second_time_nothing_is_to_be_done(old) {
        let pair = pair(old);
        pair.run(BY_TABLE).ok();

        let facts = pair.run(&format!("{BY_TABLE} --json")).ok().json();

        adds_up(&facts);
        assert_eq!(facts["rows"], 0, "{facts}");
        let unchanged: u64 = facts["tables"].as_array().expect("tables").iter().filter_map(|table| table["unchanged"].as_u64()).sum();
        assert_eq!(unchanged, 50, "{facts}");
        assert_eq!(rows(&pair), whole(old));
    }

    fn rows_that_lie_among_those_of_a_part_are_kept_apart(old) {
        let pair = pair(old);
        // One of the same key, one between two keys, one behind all of them.
        pair.execute("INSERT INTO owners VALUES (1, 'ann', 3); INSERT INTO things (id, owner, label, seen) VALUES (60, 1, 'before', true), (61, 1, 'among', true), (900, 1, 'behind', true)");

        let facts = pair.run(&format!("{BY_TABLE} --json")).ok().json();

        adds_up(&facts);
        assert_eq!(pair.value("SELECT label || ' ' || seen FROM things WHERE id = 60"), "thing 20 true");
        assert_eq!(pair.value("SELECT count(*) FROM things"), "42");
        pair.run("transfer validate").ok();
        pair.run("transfer rollback --yes").ok();
        assert_eq!(
            pair.query("SELECT id::text, label FROM things ORDER BY id"),
            [["60", "before"], ["61", "among"], ["900", "behind"]]
        );
    }

    fn rows_that_others_write_between_two_parts_are_met(old) {
        let pair = pair(old);
        let running = pair.command(BY_TABLE).held_at_pass("transfer.part.after_commit", 3);
        pair.execute("INSERT INTO things (id, owner, label, seen) VALUES (90, 1, 'theirs', true), (91, 1, 'theirs, too', true)");

        running.go_on().wait().ok();

        assert_eq!(pair.value("SELECT label || ' ' || seen FROM things WHERE id = 90"), "thing 30 true");
        assert_eq!(pair.value("SELECT count(*) FROM things"), "41");
    }

    fn an_orphan_and_a_broken_rule_stop_it_at_their_part(old) {
        let pair = pair(old);
        pair.in_old("UPDATE thing SET owner = 99 WHERE id = 66; UPDATE thing SET label = NULL WHERE id = 69");

        let outcome = pair.run(BY_TABLE);

        outcome.fails_with(1).says("the parts before it are there").says("manage transfer resume");
        assert_eq!(pair.value("SELECT max(id) FROM things"), "63");
        let left = pair.run("transfer status --rejected --json").json();
        let keys: Vec<_> = left["rejected"].as_array().expect("rejected rows").iter().map(|row| row["key"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(keys, ["id 69", "id 66"], "{left}");
        // Corrected in the source, it goes on.
        pair.in_old("UPDATE thing SET owner = id / 3 % 3 + 1, label = 'thing ' || (id / 3) WHERE id IN (66, 69)");
        let facts = pair.run("transfer resume --yes --rows 7 --json").ok().json();
        adds_up(&facts);
        assert_eq!((&facts["rejected_total"], &facts["tables"][1]["rejected"]), (&0.into(), &0.into()), "{facts}");
        assert_eq!(rows(&pair), whole(old));
    }

    fn the_rest_goes_in_where_the_mapping_says_so(old) {
        let pair = pair(old);
        pair.map(&format!("[options]\non_error = \"reject\"\n{MAPPING}"));
        pair.in_old("UPDATE thing SET owner = 99 WHERE id = 66; UPDATE thing SET label = NULL WHERE id = 69; UPDATE thing SET label = 'thing 1' WHERE id = 120");

        let facts = pair.run(&format!("{BY_TABLE} --json")).exits_with(1).json();

        adds_up(&facts);
        assert_eq!(facts["rejected_total"], 3, "{facts}");
        assert_eq!(pair.value("SELECT count(*) FROM things WHERE id IN (66, 69, 120)"), "0");
        assert_eq!(pair.value("SELECT count(*) FROM things"), "37");
        pair.run("transfer validate").ok();
    }
}

/// Kills a transfer by table at a pass of a point; whether it came that far.
fn killed(pair: &Pair, command: &str, point: &str, pass: u32) -> bool {
    let outcome = pair.command(command).env("MANAGE_FAULT", format!("{point}:{pass}")).run();
    if outcome.code != 0 {
        outcome.exits_with(134);
    }
    outcome.code != 0
}

#[test]
fn killed_in_any_part_it_is_taken_up_again() {
    let (whole, mut kills) = (whole(Old::Postgres), 0);
    for point in fault::POINTS.iter().filter(|point| point.starts_with("transfer.part.")) {
        for pass in 1..=10 {
            let pair = pair(if pass % 2 == 0 { Old::Sqlite } else { Old::Postgres });
            if !killed(&pair, BY_TABLE, point, pass) {
                assert_eq!(pass, 10, "{point}");
                break;
            }
            kills += 1;
            let there = rows(&pair).len();
            if point.ends_with("before_commit") && pass == 1 {
                assert_eq!(there, 0);
                pair.run("transfer resume --yes").fails_with(2).says("no transfer waits");
                pair.run(BY_TABLE).ok();
            } else {
                assert!(there > 0);
                pair.run("transfer all --yes").fails_with(5).says("broke off").says("manage transfer resume");
                // Killed once more on the way.
                if killed(&pair, "transfer resume --yes --rows 5", "transfer.part.before_commit", 2) {
                    pair.run("transfer resume --yes --rows 5").ok();
                } else {
                    assert!(pass > 6, "{point}:{pass}");
                }
            }
            assert_eq!(rows(&pair), whole, "{point}:{pass}");
            let facts = pair.run("transfer validate --json").ok().json();
            for table in facts["tables"].as_array().expect("tables") {
                assert_eq!(table["checksum"], table["expected_checksum"], "{point}:{pass} {table}");
            }
            pair.run("transfer rollback --yes").ok();
            assert_eq!(rows(&pair).len(), 0, "{point}:{pass}");
        }
    }
    assert_eq!(kills, 18);
}

/// One that was killed after its fourth part: owners and 21 things are there.
fn broken_off(old: Old) -> Pair {
    let pair = pair(old);
    assert!(killed(&pair, BY_TABLE, "transfer.part.after_commit", 4));
    assert_eq!(pair.value("SELECT count(*) FROM things"), "21");
    pair
}

each_old! {
    fn what_was_moved_and_is_another_row_now_is_refused(old) {
        for (of_source, change) in [
            (true, "UPDATE thing SET label = 'other' WHERE id = 9"),
            (true, "DELETE FROM thing WHERE id = 9"),
            (true, "INSERT INTO thing VALUES (10, 1, 'between')"),
            (true, "UPDATE owner SET name = 'dan' WHERE id = 3"),
            (false, "UPDATE things SET label = 'other' WHERE id = 9"),
            (false, "DELETE FROM things WHERE id = 9"),
        ] {
            let pair = broken_off(old);
            if of_source {
                pair.in_old(change);
            } else {
                pair.execute(change);
            }
            let before = rows(&pair);

            pair.run("transfer resume --yes --rows 7").fails_with(5).says("were changed since").says("manage transfer rollback");

            assert_eq!(rows(&pair), before, "{change}");
            // What is there is still told.
            pair.run("transfer status").ok().says("24 written");
        }
    }

    fn what_was_not_moved_yet_may_be_another_row(old) {
        let pair = broken_off(old);
        pair.in_old("UPDATE thing SET label = 'new label' WHERE id = 90; INSERT INTO thing VALUES (200, 2, 'late')");

        pair.run("transfer resume --yes --rows 7").ok();

        assert_eq!(pair.value("SELECT label FROM things WHERE id = 90"), "new label");
        assert_eq!(pair.value("SELECT count(*) FROM things"), "41");
        pair.run("transfer validate").ok();
    }

    fn another_mapping_or_another_source_is_refused(old) {
        let pair = broken_off(old);
        let before = rows(&pair);
        pair.map(&format!("# another\n{MAPPING}"));
        pair.run("transfer resume --yes").fails_with(5).says("the mapping was changed").says("manage transfer rollback");
        pair.map(MAPPING);
        let other = super::postgres_parts::pair(Old::Postgres);
        let url = other.old_url().to_owned();
        pair.run(&format!("transfer resume --yes --source {url}")).fails_with(5).says("another database");
        assert_eq!(rows(&pair), before);
        pair.run("transfer resume --yes").ok();
    }

    fn what_broke_off_is_taken_back(old) {
        let pair = broken_off(old);
        pair.run("transfer status").ok().says("paused").says("manage transfer resume");

        pair.run("transfer rollback --yes").ok();

        assert_eq!(rows(&pair).len(), 0);
        pair.run("transfer resume --yes").fails_with(2);
        pair.run("transfer all --yes").ok();
        assert_eq!(rows(&pair), whole(old));
    }
}

#[test]
fn sixteen_at_once_take_it_up_and_one_does() {
    let pair = broken_off(Old::Postgres);

    let all: Vec<_> = (0..16).map(|_| pair.command("transfer resume --yes --rows 3 --lock-timeout 0").spawn()).collect();
    let codes: Vec<i32> = all.into_iter().map(|running| running.wait().code).collect();

    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 2, 6].contains(code)), "{codes:?}");
    assert_eq!(rows(&pair), whole(Old::Postgres));
}

#[test]
fn the_server_that_dies_between_two_parts_has_those_before() {
    let cluster = Cluster::start();
    let pair = Pair::between(Old::Sqlite, Project::at(&cluster.url("postgres")));
    pair.in_old(&format!("{OLD}; {}", THINGS[0]));
    pair.execute(NEW);
    pair.map(MAPPING);
    let running = pair.command(BY_TABLE).held_at_pass("transfer.part.before_commit", 4);
    cluster.kill();
    running.go_on().wait().fails_with(3).does_not_say("panicked");
    cluster.restart();

    assert_eq!(pair.value("SELECT count(*) FROM things"), "14");
    pair.run("transfer resume --yes --rows 7").ok();

    assert_eq!(rows(&pair), whole(Old::Sqlite));
}

/// What goes on with the last transfer by table; `None` where it is there.
fn goes_on(pair: &Pair) -> Option<&'static str> {
    let facts = pair.run("transfer status --json").ok().json();
    match facts["run"]["status"].as_str() {
        Some("applied") => None,
        Some("paused") => Some("transfer resume --yes --rows 7"),
        Some("killed" | "failed") | None => Some(BY_TABLE),
        other => panic!("{other:?}"),
    }
}

/// Runs the transfer to its end, and looks at everything.
#[track_caller]
fn ends_well(pair: &Pair, whole: &[Vec<String>], round: usize) {
    if let Some(command) = goes_on(pair) {
        pair.run(command).ok();
    }
    assert_eq!(rows(pair), whole, "round {round}");
    let facts = pair.run("transfer validate --json").ok().json();
    for table in facts["tables"].as_array().expect("tables") {
        assert_eq!(table["checksum"], table["expected_checksum"], "round {round} {table}");
    }
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let (whole, mut random, mut cut) = (whole(Old::Postgres), Random::new(), 0);
    for round in 0..tries(20) {
        let pair = pair(if round % 2 == 0 { Old::Postgres } else { Old::Sqlite });
        // Killed up to three times on its way.
        for _ in 0..1 + random.below(3) {
            let Some(command) = goes_on(&pair) else { break };
            let running = pair.command(command).spawn();
            std::thread::sleep(Duration::from_micros(random.below(500_000) as u64));
            cut += usize::from(running.kill().code == 137);
        }
        ends_well(&pair, &whole, round);
    }
    println!("{cut} runs were cut off");
}

#[test]
fn the_server_may_die_at_any_moment() {
    let (whole, mut random) = (whole(Old::Sqlite), Random::new());
    let cluster = Cluster::start();
    for round in 0..tries(4) {
        let pair = Pair::between(Old::Sqlite, Project::at(&cluster.url(&format!("round_{round}"))));
        pair.run("database create --yes").ok();
        pair.in_old(&format!("{OLD}; {}", THINGS[0]));
        pair.execute(NEW);
        pair.map(MAPPING);
        pair.run("notes add --title begun").ok();
        let running = pair.command(BY_TABLE).spawn();
        std::thread::sleep(Duration::from_micros(random.below(500_000) as u64));
        cluster.kill();

        let outcome = running.wait();

        outcome.does_not_say("panicked");
        assert!([0, 3].contains(&outcome.code), "{}", outcome.code);
        cluster.restart();
        ends_well(&pair, &whole, round);
    }
}
