//! What triggers and cascades do, where the script says that they may: captured, confined, shown, and taken back.

use super::fixture::{FIX, OTHERS, platform};
use crate::support::*;

const HEAD: &str = "table = \"clusters\"\nverify = [\"status-fixes\"]\nvolatile = [\"updated_at\"]";
const APPLY: &str = "fix cluster-status --account acme --yes --max-rows 99 --reason why";

/// Makes a trigger in the words of each database: on PostgreSQL the body of its function.
fn trigger(project: &Project, name: &str, when: &str, body: &str) {
    if project.backend() == Backend::Postgres {
        project.execute(&format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$; \
             CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()"
        ));
    } else {
        project.execute(&format!("CREATE TRIGGER {name} {when} BEGIN {body} END"));
    }
}

/// A line in the audit log for each row of `clusters` that is updated.
fn audited(project: &Project) {
    let body = "INSERT INTO audit_log (id, account_id, what) SELECT COALESCE(max(id), 0) + 1, OLD.account_id, 'was ' || OLD.status FROM audit_log;";
    trigger(project, "audit", "AFTER UPDATE ON clusters", body);
}

/// Takes a run back and gives the number of the run that did it.
#[track_caller]
fn take_back(project: &Project, run: &str) -> String {
    let json = project.run(&format!("undo {run} --yes --max-rows 99 --json")).ok().json();
    json["run"].to_string()
}

/// The rows without those of the ledger.
fn without_ledger(dump: &str) -> String {
    dump.lines().filter(|line| !line.starts_with("\"manage_")).fold(String::new(), |text, line| text + line + "\n")
}

each_backend! {
    fn a_declared_side_effect_is_captured_shown_and_taken_back(project: Project) {
        let project = platform(project);
        project.execute("INSERT INTO audit_log VALUES (1, 1, 'old'), (2, 2, 'ZETA-AUDIT')");
        audited(&project);
        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\" }}"), FIX);
        let (before, others) = (without_ledger(&project.dump()), project.others());

        let dry = project.run("fix cluster-status --account acme --dry-run");
        dry.ok().says("3 rows in clusters, 3 rows new in audit_log by triggers or cascades, 0 elsewhere").does_not_say(OTHERS);
        dry.snapshot("effects_dry_run");
        assert_eq!(before, without_ledger(&project.dump()));

        let done = project.run(APPLY);
        done.ok().says("✓ 6 rows written · 6 captured · 6 in account acme · 0 elsewhere").does_not_say(OTHERS);
        assert_eq!(project.query("SELECT id, account_id, what FROM audit_log WHERE id > 2 ORDER BY what, id").len(), 3);
        assert_eq!(others, project.others());
        let changed = without_ledger(&project.dump());

        project.run("runs show 1 --rows").ok().says("insert audit_log: 3 by triggers or cascades").says("what: was new").does_not_say(OTHERS);
        let json = project.run("runs show 1 --rows --json").ok().json();
        assert_eq!(json["run"]["tables"].as_array().map(Vec::len), Some(2), "{json:#}");

        let undone = project.run("undo 1 --yes --max-rows 99 --json").ok().json();
        assert_eq!(undone["rows"], 6);
        assert_eq!(before, without_ledger(&project.dump()));
        project.run("undo 2 --yes --max-rows 99").ok();
        assert_eq!(changed, without_ledger(&project.dump()));
        // The trigger is as it was.
        project.execute("UPDATE clusters SET status = 'x' WHERE id = 40");
        assert_eq!(project.query("SELECT 1 FROM audit_log").len(), 6);
    }

    fn what_is_not_declared_is_refused_and_says_how_to_declare_it(project: Project) {
        let project = platform(project);
        audited(&project);
        let before = project.dump();

        let refused = project.run(APPLY);
        refused.fails_with(4).says("audit_log: 3 inserted").says("side_effects = { audit_log = \"insert\" }").does_not_say(OTHERS);
        assert_eq!(before, without_ledger(&project.dump()));

        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"update\" }}"), FIX);
        let refused = project.run(APPLY);
        refused.fails_with(4).says("3 rows of audit_log were made by triggers or cascades").says("audit_log = [\"update\", \"insert\"]");
        assert_eq!(before, without_ledger(&project.dump()));

        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = [\"update\", \"insert\"] }}"), FIX);
        project.run("fix cluster-status --account acme --yes --max-rows 5").fails_with(4).says("6 rows were written");
        assert_eq!(before, without_ledger(&project.dump()));
        project.run(APPLY).ok();
    }

    fn the_digest_that_was_shown_is_that_of_the_run(project: Project) {
        let project = platform(project);
        audited(&project);
        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\" }}"), FIX);
        let json = project.run("fix cluster-status --account acme --dry-run --json").ok().json();
        let digest = json["digest"].as_str().expect("a digest").to_owned();

        let done = project.run(&format!("fix cluster-status --account acme --digest {digest} --reason why --json")).ok().json();

        assert_eq!((done["digest"].clone(), done["rows"].clone()), (digest.into(), 6.into()));
        assert_eq!(done["side_effects"][0]["table"], "audit_log");
        assert_eq!((done["side_effects"][0]["op"].clone(), done["side_effects"][0]["rows"].clone()), ("insert".into(), 3.into()));
    }

    fn a_cascade_is_captured_in_all_its_tables(project: Project) {
        let project = platform(project);
        project.execute(
            "CREATE TABLE notes (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, parent_id BIGINT REFERENCES notes (id) ON DELETE CASCADE, body TEXT);
             CREATE TABLE pins (id BIGINT PRIMARY KEY, note_id BIGINT NOT NULL REFERENCES notes (id) ON DELETE CASCADE, spot TEXT);
             CREATE TABLE looks (id BIGINT PRIMARY KEY, pin_id BIGINT NOT NULL REFERENCES pins (id) ON DELETE CASCADE, at TEXT);
             CREATE TABLE shares (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, note_id BIGINT REFERENCES notes (id) ON DELETE SET NULL);
             INSERT INTO notes VALUES (1, 1, NULL, 'a'), (2, 1, 1, 'b'), (3, 1, 2, 'c'), (4, 2, NULL, 'ZETA-NOTE'), (5, 1, NULL, 'd'), (6, 2, 5, 'ZETA-ANSWER');
             INSERT INTO pins VALUES (1, 1, 'x'), (2, 3, 'y'), (3, 4, 'ZETA-PIN');
             INSERT INTO looks VALUES (1, 1, 'mon'), (2, 2, 'tue'), (3, 2, 'wed'), (4, 3, 'ZETA-LOOK');
             INSERT INTO shares VALUES (1, 1, 1), (2, 1, 2), (3, 2, 4)",
        );
        project.edit("manage.toml", |text| {
            text.replace(
                "[tenancy.tables]",
                "[tenancy.tables]\nnotes = { account = \"account_id\" }\npins = { via = \"note_id -> notes.id\" }\nlooks = { via = \"pin_id -> pins.id\" }\nshares = { account = \"account_id\" }",
            )
        });
        let head = "table = \"notes\"\nop = \"delete\"\nside_effects = { notes = \"delete\", pins = \"delete\", looks = \"delete\", shares = \"update\" }";
        let of = |id: u8| format!("SELECT id FROM notes WHERE account_id = :account AND id = {id}");
        let before = without_ledger(&project.dump());

        // One table of the cascade is left out.
        project.write_fix("forget", &head.replace(", looks = \"delete\"", ""), &of(1));
        project.run("fix forget --account acme --yes --max-rows 99").fails_with(4).says("looks: 3 deleted").says("looks = \"delete\"");
        assert_eq!(before, without_ledger(&project.dump()));

        // A cascade that would reach another account's rows.
        project.write_fix("forget", head, &of(5));
        project.run("fix forget --account acme --yes --max-rows 99").fails_with(4).says("1 row of notes do not belong to").does_not_say(OTHERS);
        assert_eq!(before, without_ledger(&project.dump()));

        project.write_fix("forget", head, &of(1));
        project.run("fix forget --account acme --yes --max-rows 99").ok().says("10 rows written · 10 captured · 10 in account acme");
        assert_eq!(project.query("SELECT id FROM notes ORDER BY id").concat(), ["4", "5", "6"]);
        assert_eq!(project.query("SELECT id FROM looks").concat(), ["4"]);
        assert_eq!(project.query("SELECT id FROM shares WHERE note_id IS NULL ORDER BY id").concat(), ["1", "2"]);
        let changed = without_ledger(&project.dump());

        let undo = take_back(&project, "--last");
        assert_eq!(before, without_ledger(&project.dump()));
        // Somebody has pinned a row that came back, or has answered it.
        for (more, gone) in [("INSERT INTO notes VALUES (9, 1, 3, 'mine')", "DELETE FROM notes WHERE id = 9"), ("INSERT INTO pins VALUES (9, 2, 'mine')", "DELETE FROM pins WHERE id = 9")] {
            project.execute(more);
            let mine = without_ledger(&project.dump());
            let outcome = project.run(&format!("undo {undo} --yes --max-rows 99"));
            assert!(matches!(outcome.code, 4 | 5), "{more}: exit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
            assert_eq!(mine, without_ledger(&project.dump()));
            project.execute(gone);
        }
        let redo = take_back(&project, &undo);
        assert_eq!(changed, without_ledger(&project.dump()));
        take_back(&project, &redo);
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn a_key_that_others_follow_goes_back_with_them(project: Project) {
        let project = platform(project);
        project.execute(
            "CREATE TABLE words (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, code TEXT NOT NULL UNIQUE);
             CREATE TABLE uses (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, code TEXT REFERENCES words (code) ON UPDATE CASCADE);
             INSERT INTO words VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'ZETA');
             INSERT INTO uses VALUES (1, 1, 'a'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'ZETA')",
        );
        project.edit("manage.toml", |text| {
            text.replace("[tenancy.tables]", "[tenancy.tables]\nwords = { account = \"account_id\" }\nuses = { account = \"account_id\" }")
        });
        let query = "SELECT id, code || '-new' AS code FROM words WHERE account_id = :account";
        project.write_fix("codes", "table = \"words\"", query);
        let before = without_ledger(&project.dump());
        project.run("fix codes --account acme --yes --max-rows 99").fails_with(4).says("side_effects = { uses = \"update\" }");
        assert_eq!(before, without_ledger(&project.dump()));

        project.write_fix("codes", "table = \"words\"\nside_effects = { uses = \"update\" }", query);
        project.run("fix codes --account acme --yes --max-rows 99").ok().says("5 rows written · 5 captured · 5 in account acme");
        assert_eq!(project.query("SELECT code FROM uses ORDER BY id").concat(), ["a-new", "a-new", "b-new", "ZETA"]);
        let changed = without_ledger(&project.dump());

        let undo = take_back(&project, "--last");
        assert_eq!(before, without_ledger(&project.dump()));
        take_back(&project, &undo);
        assert_eq!(changed, without_ledger(&project.dump()));
    }

    fn a_counter_that_a_trigger_moves_again_and_again_goes_back(project: Project) {
        let project = platform(project);
        project.execute("ALTER TABLE accounts ADD COLUMN changes BIGINT NOT NULL DEFAULT 0");
        trigger(&project, "counts", "AFTER UPDATE ON clusters", "UPDATE accounts SET changes = changes + 1 WHERE id = OLD.account_id;");
        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ accounts = \"update\" }}"), FIX);
        let before = without_ledger(&project.dump());

        project.run(APPLY).ok().says("4 rows written · 4 captured · 4 in account acme");
        assert_eq!(project.value("SELECT changes FROM accounts WHERE id = 1"), "3");

        project.run("undo --last --yes --max-rows 99").ok();
        assert_eq!(before, without_ledger(&project.dump()));
    }

    fn what_somebody_has_changed_since_stays(project: Project) {
        let project = platform(project);
        audited(&project);
        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\" }}"), FIX);
        project.run(APPLY).ok();
        project.execute("UPDATE audit_log SET what = 'read' WHERE id = 1");
        let before = without_ledger(&project.dump());

        project.run("undo 1 --yes --max-rows 99").fails_with(5).says("1 of 6 rows changed since run 1").says("audit_log 1");
        assert_eq!(before, without_ledger(&project.dump()));
        project.run("undo 1 --yes --max-rows 99 --skip-conflicts").ok().says("5 rows written");
        assert_eq!(project.query("SELECT what FROM audit_log").concat(), ["read"]);
    }

    fn declared_or_not_no_other_account_is_written(project: Project) {
        let project = platform(project);
        project.execute("INSERT INTO audit_log VALUES (90, 2, 'ZETA-AUDIT'), (91, 1, 'ours')");
        let all = "side_effects = { audit_log = [\"insert\", \"update\", \"delete\"], clusters = [\"update\", \"insert\", \"delete\"], tags = [\"insert\", \"update\", \"delete\"] }";
        project.write_fix("cluster_status", &format!("{HEAD}\n{all}"), FIX);
        for body in [
            "INSERT INTO audit_log VALUES (OLD.id, 2, 'x');",
            "UPDATE audit_log SET account_id = 2 WHERE id = 91;",
            "UPDATE audit_log SET account_id = 1 WHERE id = 90;",
            "UPDATE audit_log SET what = 'x';",
            "DELETE FROM audit_log;",
            "UPDATE clusters SET name = 'x' WHERE id = 40;",
            "UPDATE clusters SET account_id = 2 WHERE id = 32;",
            "UPDATE clusters SET site_id = 20 WHERE id = 32;",
            "DELETE FROM tags WHERE id = 2;",
            "INSERT INTO tags VALUES (OLD.id + 100, 40, 'x');",
            "UPDATE tags SET cluster_id = 40 WHERE id = 1;",
        ] {
            trigger(&project, "evil", "AFTER UPDATE OF status ON clusters", body);
            let before = without_ledger(&project.dump());
            let outcome = project.run(APPLY);
            assert!(matches!(outcome.code, 3 | 4), "{body}: exit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
            assert_eq!(before, without_ledger(&project.dump()), "{body}");
            outcome.does_not_say(OTHERS);
            if project.backend() == Backend::Postgres {
                project.execute("DROP TRIGGER evil ON clusters; DROP FUNCTION evil()");
            } else {
                project.execute("DROP TRIGGER evil");
            }
        }
        project.run(APPLY).ok();
    }

    fn a_table_that_no_patch_writes_is_not_declared(project: Project) {
        let project = platform(project);
        for (table, says) in [
            ("credits", "no patch may write"),
            ("countries", "belongs to no account"),
            ("loose", "does not classify"),
            ("nowhere", "does not classify"),
        ] {
            project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ {table} = \"insert\" }}"), FIX);
            project.run(APPLY).fails_with(4).says(says);
        }
    }

    fn the_written_row_may_be_touched_again(project: Project) {
        let project = platform(project);
        project.execute("ALTER TABLE clusters ADD COLUMN touched BIGINT NOT NULL DEFAULT 0");
        trigger(&project, "touch", "AFTER UPDATE OF status ON clusters", "UPDATE clusters SET touched = touched + 1 WHERE id = OLD.id;");
        let before = without_ledger(&project.dump());
        project.run(APPLY).fails_with(4).says("side_effects = { clusters = \"update\" }");

        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ clusters = \"update\" }}"), FIX);
        project.run(APPLY).ok().says("3 rows written · 3 captured");
        assert_eq!(project.query("SELECT id FROM clusters WHERE touched = 1 ORDER BY id").concat(), ["17", "23", "31"]);
        let changed = without_ledger(&project.dump());
        let undo = take_back(&project, "--last");
        assert_eq!(before, without_ledger(&project.dump()));
        take_back(&project, &undo);
        assert_eq!(changed, without_ledger(&project.dump()));
    }

    fn a_killed_run_is_done_with_its_side_effects_or_it_is_not(project: Project) {
        let project = platform(project);
        audited(&project);
        project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\" }}"), FIX);
        project.write_fix("by_hand", "form = \"statement\"\nwrites = [\"tags\"]", "UPDATE tags SET tag = 'z' WHERE :account = 1 AND id = 1");
        // The ledger is there before.
        project.run("fix cluster-status --account acme --dry-run").ok();
        let before = without_ledger(&project.dump());
        for command in [APPLY, "fix by-hand --account acme --yes --max-rows 9"] {
            for (point, done) in [("patch.planned", false), ("patch.written", false), ("patch.before_commit", false), ("patch.after_commit", true)] {
                let killed = project.command(command).env("MANAGE_FAULT", format!("{point}:1")).run();
                assert_ne!(killed.code, 0, "{point}");
                assert_eq!(before == without_ledger(&project.dump()), !done, "{command} {point}");
            }
            project.run("undo --last --yes --max-rows 99").ok();
            assert_eq!(before, without_ledger(&project.dump()));
        }
        // Nothing of the capture is left.
        if project.backend() == Backend::Postgres {
            assert_eq!(project.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE ' manage%'"), "0");
            assert_eq!(project.value("SELECT count(*) FROM pg_proc WHERE pronamespace = 'manage'::regnamespace AND proname LIKE 'manage\\_image%'"), "0");
            assert_eq!(project.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'manage'::regnamespace AND relname LIKE 'manage\\_image%\\_log_'"), "0");
        }
    }
}

/// What a trigger does to hide from capture, and what it does beside.
const HIDING: &[(&str, &str)] = &[
    ("switches triggers off", "ALTER TABLE audit_log DISABLE TRIGGER ALL; INSERT INTO audit_log VALUES (OLD.id, 1, 'x');"),
    ("drops them", "DROP TRIGGER \" manage capture\" ON audit_log; INSERT INTO audit_log VALUES (OLD.id, 1, 'x');"),
    (
        "takes itself for a replica",
        "SET LOCAL session_replication_role = replica; INSERT INTO audit_log VALUES (OLD.id, 1, 'x');",
    ),
    ("empties the table", "INSERT INTO audit_log VALUES (OLD.id, 1, 'x'); TRUNCATE audit_log;"),
    (
        "changes what was captured",
        "INSERT INTO audit_log VALUES (OLD.id, 1, 'x'); \
        EXECUTE (SELECT 'DELETE FROM manage.' || relname FROM pg_class WHERE relname LIKE 'manage_%_log_' AND relkind = 'r');",
    ),
    ("stops counting", "SET LOCAL track_counts = off; INSERT INTO audit_log VALUES (OLD.id, 1, 'x');"),
    (
        "writes in a subtransaction that it takes back",
        "BEGIN INSERT INTO audit_log VALUES (OLD.id, 1, 'x'); RAISE division_by_zero; \
        EXCEPTION WHEN division_by_zero THEN NULL; END;",
    ),
    ("writes another table", "INSERT INTO audit_log VALUES (OLD.id, 1, 'x'); UPDATE tags SET tag = 'x' WHERE id = 1;"),
    (
        "writes at the end for another account",
        "IF TG_ARGV[0] IS NULL THEN INSERT INTO audit_log VALUES (OLD.id, 2, 'x'); END IF;",
    ),
];

#[test]
fn a_trigger_of_postgres_does_not_hide_what_it_does() {
    let project = platform(Project::on(Backend::Postgres));
    project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\" }}"), FIX);
    for (what, body) in HIDING {
        for (kind, when) in
            [("", "AFTER UPDATE ON clusters"), ("CONSTRAINT ", "AFTER UPDATE ON clusters DEFERRABLE INITIALLY DEFERRED")]
        {
            project.execute(&format!(
                "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN {body} RETURN NULL; END $$; \
                 CREATE {kind}TRIGGER evil {when} FOR EACH ROW EXECUTE FUNCTION evil()"
            ));
            let before = without_ledger(&project.dump());
            let outcome = project.run(APPLY);
            assert!(matches!(outcome.code, 3 | 4), "{what}: exit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
            assert_eq!(before, without_ledger(&project.dump()), "{what}");
            outcome.does_not_say(OTHERS);
            project.execute("DROP TRIGGER evil ON clusters; DROP FUNCTION evil()");
        }
    }
    // What is put off to the end is captured, too.
    project.execute(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log VALUES (OLD.id, 1, 'late'); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON clusters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()",
    );
    let before = without_ledger(&project.dump());
    project.run(APPLY).ok().says("6 rows written · 6 captured");
    project.run("undo --last --yes --max-rows 99").ok();
    assert_eq!(before, without_ledger(&project.dump()));
}

#[test]
fn before_triggers_of_postgres_change_what_they_may() {
    let project = platform(Project::on(Backend::Postgres));
    project.write_fix(
        "cluster_status",
        &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\", clusters = \"update\" }}"),
        FIX,
    );
    for body in [
        // Drops one planned row and changes another account's.
        "IF OLD.id = 17 THEN UPDATE clusters SET name = 'x' WHERE id = 40; RETURN NULL; END IF; RETURN NEW;",
        "IF OLD.id = 17 THEN RETURN NULL; END IF; RETURN NEW;",
        "IF OLD.id = 31 THEN NEW.account_id := 2; NEW.site_id := 20; END IF; RETURN NEW;",
        "IF OLD.id = 31 THEN NEW.status := 'z'; END IF; RETURN NEW;",
        "IF OLD.id = 31 THEN NEW.id := 99; END IF; RETURN NEW;",
    ] {
        project.execute(&format!(
            "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$; \
             CREATE TRIGGER evil BEFORE UPDATE ON clusters FOR EACH ROW EXECUTE FUNCTION evil()"
        ));
        let before = without_ledger(&project.dump());
        let outcome = project.run(APPLY);
        assert!(matches!(outcome.code, 3 | 4), "{body}: exit {}\n{}{}", outcome.code, outcome.stdout, outcome.stderr);
        assert_eq!(before, without_ledger(&project.dump()), "{body}");
        outcome.does_not_say(OTHERS);
        project.execute("DROP TRIGGER evil ON clusters; DROP FUNCTION evil()");
    }
    // One that stamps the row goes there and back, though it stamps each time.
    project.execute(
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.keywords_count := COALESCE(OLD.keywords_count, 0) + 1; RETURN NEW; END $$; \
         CREATE TRIGGER stamp BEFORE UPDATE ON clusters FOR EACH ROW EXECUTE FUNCTION stamp()",
    );
    let before = without_ledger(&project.dump());
    project.run(APPLY).ok();
    project.run("undo --last --yes --max-rows 99").ok();
    assert_eq!(before, without_ledger(&project.dump()));
}

#[test]
fn a_role_of_postgres_is_told_what_capture_and_undo_need() {
    let project = platform(Project::on(Backend::Postgres));
    audited(&project);
    project.write_fix("cluster_status", &format!("{HEAD}\nside_effects = {{ audit_log = \"insert\" }}"), FIX);
    // The ledger is there before.
    project.run("fix cluster-status --account acme --dry-run").ok();
    let before = without_ledger(&project.dump());
    let role = format!("worker_{}", project.value("SELECT current_database()"));
    project.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA manage TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA manage TO {role}; \
         GRANT ALL ON ALL SEQUENCES IN SCHEMA manage TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    let run = |command: &str| project.command(command).env("DATABASE_URL", &url).run();

    run(APPLY).fails_with(3).says("what happens to `audit_log` cannot be captured").says("GRANT TRIGGER");
    project.execute(&format!("GRANT TRIGGER ON audit_log TO {role}"));
    run(APPLY).ok().says("6 rows written · 6 captured");
    let changed = without_ledger(&project.dump());
    run("undo --last --yes --max-rows 99").fails_with(3).says("connect as its owner");
    assert_eq!(changed, without_ledger(&project.dump()));
    project.run("undo --last --yes --max-rows 99").ok();
    assert_eq!(before, without_ledger(&project.dump()));
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
