//! The guards' table, cell by cell, through the binary.

use super::*;

/// What a database is marked as.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Standing {
    Development,
    Staging,
    Unknown,
    Protected,
}

/// What a command takes there, as the table of src/guards.rs has it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    AYes,
    TheName,
    /// Of a plan; or the name.
    TheToken,
    /// Of a plan, and a reason.
    TheDigest,
    Never,
}

use Standing::{Development, Protected, Staging, Unknown};
use Takes::{AYes, Never, Nothing, TheDigest, TheName, TheToken};

const TABLE: &[(&str, [(Standing, Takes); 4])] = &[
    ("rollback", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, AYes)]),
    ("rollback --all", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, Never)]),
    ("redo", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, Never)]),
    ("database drop", [(Development, AYes), (Staging, TheName), (Unknown, TheName), (Protected, Never)]),
    ("migrate", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, Nothing)]),
    ("lint --roundtrip", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, Never)]),
    ("adopt", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, AYes)]),
    ("repair", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, AYes)]),
    ("notes add", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, Nothing)]),
    ("verify --record", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, Nothing)]),
    ("marker set", [(Development, AYes), (Staging, TheName), (Unknown, TheName), (Protected, TheName)]),
    ("restore", [(Development, AYes), (Staging, TheName), (Unknown, TheName), (Protected, TheName)]),
    ("test-data", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, Never)]),
    ("reset", [(Development, TheToken), (Staging, TheToken), (Unknown, Never), (Protected, Never)]),
    ("fix", [(Development, AYes), (Staging, AYes), (Unknown, AYes), (Protected, TheDigest)]),
    ("sync", [(Development, AYes), (Staging, AYes), (Unknown, AYes), (Protected, TheDigest)]),
    ("undo", [(Development, AYes), (Staging, AYes), (Unknown, AYes), (Protected, TheDigest)]),
    ("runs resume", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, Nothing)]),
    ("runs cancel", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, AYes)]),
    ("runs prune", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, TheName)]),
    ("approve", [(Development, Nothing), (Staging, Nothing), (Unknown, Nothing), (Protected, Nothing)]),
    ("transfer", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, TheName)]),
    ("transfer rollback", [(Development, Nothing), (Staging, AYes), (Unknown, AYes), (Protected, TheName)]),
];

/// What a command needs besides its name.
fn typed(project: &Project, command: &str) -> String {
    match command {
        "fix" | "sync" => format!("{command} users --max-rows 9 --reason x"),
        "undo" => "undo 1 --max-rows 9 --reason x".to_owned(),
        "runs resume" | "runs cancel" => format!("{command} 1"),
        "runs prune" => "runs prune --older-than 0s".to_owned(),
        "approve" => format!("approve {}", project.value(&format!("SELECT digest FROM {}", ledger(project, "manage_plans")))),
        "notes add" => "notes add --title done".to_owned(),
        "test-data" => "test-data inject --account demo --scale 100".to_owned(),
        "repair" => format!("repair {} --reason 'it is right as it is'", USERS.split('_').next().unwrap_or_default()),
        // Taking protection away has tests of its own.
        "marker set" => "marker set qa --protected".to_owned(),
        "restore" => "restore x.bak --no-backup --reason x".to_owned(),
        "transfer" => "transfer all --source old.db".to_owned(),
        other => other.to_owned(),
    }
}

/// A project in which the command has something to do.
fn ready(backend: Backend, command: &str) -> Project {
    if command == "test-data" {
        return crate::test_data::platform(Project::on(backend));
    }
    let project = applied(Project::on(backend));
    match command {
        "migrate" => project.migration("20260109000000_more", "CREATE TABLE more (id INTEGER);\n", "DROP TABLE more;\n"),
        "repair" => {
            project.edit(&format!("migrations/{USERS}/up.sql"), |text| text.replace("name", "title"));
            project
        }
        "transfer" => crate::transfer::little(project),
        "transfer rollback" => {
            let project = crate::transfer::little(project);
            project.run("transfer all --source old.db --yes").ok();
            project
        }
        "adopt" => {
            let log = ledger(&project, "manage_migration_log");
            project.execute(&format!("DROP TABLE __diesel_schema_migrations; DELETE FROM {log}"));
            project
        }
        "restore" => {
            project.run("backup x.bak").ok();
            project
        }
        "fix" | "sync" | "undo" | "runs resume" | "runs cancel" | "runs prune" | "approve" => with_patches(project, command),
        "verify --record" => project
            .file("scripts/verify_users.sql", "/* manage\ndescription = \"d\"\n*/\nSELECT 1 AS what FROM users WHERE 1 = 0\n"),
        _ => project,
    }
}

/// A project with patches, and with what the command needs of them.
fn with_patches(project: Project, command: &str) -> Project {
    project.execute(
        "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO things VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    );
    project.edit("manage.toml", |text| format!("{text}\n[patches]\nsingle_tx_rows = 2\nbatch_size = 2\n"));
    let script = "/* manage\ndescription = \"d\"\ntable = \"things\"\n*/\nSELECT id, 'x' AS name FROM things WHERE name <> 'x'\n";
    let project = project.file("scripts/fix_users.sql", script).file("scripts/sync_users.sql", script);
    mark(&project, "development", false);
    let apply = "fix users --yes --max-rows 9";
    match command {
        "undo" | "runs prune" => drop(project.run(apply).ok()),
        "runs resume" | "runs cancel" => {
            project.command(apply).env("MANAGE_FAULT", "patch.after_commit:2").run().exits_with(134);
        }
        _ => drop(project.run("fix users --dry-run").ok()),
    }
    project
}

fn make(project: &Project, standing: Standing) {
    match standing {
        Development => mark(project, "development", false),
        Staging => mark(project, "staging", false),
        Unknown => unmark(project),
        Protected => mark(project, "production", true),
    }
}

/// Whether the command did its work.
fn worked(project: &Project, command: &str, before: &str) -> bool {
    if command == "database drop" {
        return match project.backend() {
            Backend::Sqlite => !project.has("manage.db"),
            Backend::Postgres => project.command("status").run().stderr.contains("database create"),
        };
    }
    // It works on a scratch database and leaves this one alone.
    let now = if matches!(command, "fix" | "sync" | "undo") { project.dump() } else { project.everything() };
    command == "lint --roundtrip" || now != before
}

/// A restore keeps the database of before.
fn drop_what_is_kept(project: &Project) {
    if project.backend() == Backend::Postgres && project.command("status").run().code == 0 {
        let name = database_name(project);
        for row in project.query(&format!("SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_before\\_%'")) {
            project.execute(&format!("DROP DATABASE \"{}\"", row.concat()));
        }
    }
}

fn cell(backend: Backend, command: &str, standing: Standing, takes: Takes) {
    // Transfers go from one SQLite file to another.
    if command.starts_with("transfer") && backend == Backend::Postgres {
        return;
    }
    // On SQLite the scratch database is a temporary file: nobody's server is touched.
    let takes = if command == "lint --roundtrip" && backend == Backend::Sqlite { Nothing } else { takes };
    let project = ready(backend, command);
    let (row, command) = (command, typed(&project, command));
    make(&project, standing);
    // A plan that is shown is kept, so that somebody else can agree with it.
    let shown = matches!(row, "fix" | "sync" | "undo");
    let everything = || if shown { project.dump() } else { project.everything() };
    let before = everything();
    let name = database_name(&project);
    let unchanged = |outcome: &Outcome| assert_eq!(before, everything(), "{command} on {standing:?}\n{outcome}");

    // Without a terminal and without a yes.
    if takes != Nothing {
        let outcome = project.run(&command);
        outcome.fails_with(4).says("hint: ").says(&name);
        unchanged(&outcome);
        let outcome = project.run(&format!("{command} --json"));
        assert_eq!(outcome.fails_with(4).json()["exit_code"], 4);
        unchanged(&outcome);
    }
    // A yes alone, and no or a wrong name on a terminal.
    if matches!(takes, TheName | TheToken | TheDigest | Never) {
        let outcome = project.run(&format!("{command} --yes"));
        outcome.fails_with(4);
        unchanged(&outcome);
    }
    if takes == Never {
        let outcome = Terminal::run(&project, &command).finish();
        outcome.exits_with(4).says(&format!("which is {}", format!("{standing:?}").to_lowercase())).does_not_say("Type");
        unchanged(&outcome);
        return;
    }
    if takes == AYes {
        for answer in ["", "n", "no", "yessir", &name] {
            let outcome = Terminal::run(&project, &command).expect("Go on? [y/N] ").type_line(answer).finish();
            outcome.exits_with(4).says("nothing was changed");
            unchanged(&outcome);
        }
        let outcome = Terminal::run(&project, &command).expect("Go on? [y/N] ").press_ctrl_d().finish();
        outcome.exits_with(4);
        unchanged(&outcome);
    }
    if matches!(takes, TheName | TheToken) {
        for answer in ["", "y", "yes", &format!("{name}x"), &name.to_uppercase()] {
            let question = "Type the database's name to go on: ";
            let outcome = Terminal::run(&project, &format!("{command} --yes")).expect(question).type_line(answer).finish();
            outcome.exits_with(4).says("nothing was changed").says(&format!("the name is {name}"));
            unchanged(&outcome);
        }
    }
    // And now what it takes.
    let outcome = match takes {
        Nothing => project.run(&command),
        AYes if standing == Staging => Terminal::run(&project, &command).expect("[y/N] ").type_line("Yes").finish(),
        AYes => project.run(&format!("{command} --yes")),
        TheName | TheToken => Terminal::run(&project, &command).expect("go on: ").type_line(&name).finish(),
        TheDigest => {
            for answer in ["", "y", "yes", &format!("{name}x")] {
                let outcome = Terminal::run(&project, &command).expect("name to go on: ").type_line(answer).finish();
                outcome.exits_with(4).says("nothing was changed");
                unchanged(&outcome);
            }
            let plan = project.run(&format!("{} --dry-run --json", command.replace(" --reason x", ""))).ok().json();
            let digest = plan["digest"].as_str().expect("a plan has a digest").to_owned();
            let outcome = project.run(&format!("{} --digest {digest}", command.replace(" --reason x", "")));
            outcome.fails_with(4).says("needs a reason");
            unchanged(&outcome);
            project.run(&format!("{command} --digest {digest}"))
        }
        Never => unreachable!("returned above"),
    };
    // Whether its findings are good is another question.
    if row != "lint --roundtrip" {
        outcome.ok();
    }
    assert_ne!(outcome.code, 4, "{outcome}");
    assert!(worked(&project, row, &before), "{command} on {standing:?} did nothing\n{outcome}");
    drop_what_is_kept(&project);
}

macro_rules! rows {
    ($($name:ident = $row:literal),+) => {$(
        #[test]
        fn $name() {
            let (command, cells) = TABLE[$row];
            for backend in [Backend::Sqlite, Backend::Postgres] {
                for (standing, takes) in cells {
                    cell(backend, command, standing, takes);
                }
            }
        }
    )+};
}
rows!(
    rollback_keeps_its_cells = 0,
    rollback_all_keeps_its_cells = 1,
    redo_keeps_its_cells = 2,
    database_drop_keeps_its_cells = 3,
    migrate_keeps_its_cells = 4,
    lint_roundtrip_keeps_its_cells = 5,
    adopt_keeps_its_cells = 6,
    repair_keeps_its_cells = 7,
    notes_add_keeps_its_cells = 8,
    verify_record_keeps_its_cells = 9,
    marker_set_keeps_its_cells = 10,
    restore_keeps_its_cells = 11,
    test_data_keeps_its_cells = 12,
    reset_keeps_its_cells = 13,
    fix_keeps_its_cells = 14,
    sync_keeps_its_cells = 15,
    undo_keeps_its_cells = 16,
    runs_resume_keeps_its_cells = 17,
    runs_cancel_keeps_its_cells = 18,
    runs_prune_keeps_its_cells = 19,
    approve_keeps_its_cells = 20,
    transfer_keeps_its_cells = 21,
    transfer_rollback_keeps_its_cells = 22
);

#[test]
fn the_printed_table_is_the_tested_one() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/guards.md")).expect("the page is there");
    let printed = page.lines().filter(|line| line.starts_with("| `manage "));
    let word = |takes: Takes| match takes {
        Nothing => "free",
        AYes => "ask",
        TheName => "ask by name",
        TheToken => "token or name",
        TheDigest => "digest and reason",
        Never => "never",
    };
    let mut tested: Vec<String> = TABLE
        .iter()
        .map(|(command, cells)| format!("| `manage {command}` | {} |", cells.map(|(_, takes)| word(takes)).join(" | ")))
        .collect();
    let mut printed: Vec<String> = printed.map(str::to_owned).collect();
    tested.sort();
    printed.sort();

    assert_eq!(printed, tested);
}

each_backend! {
    fn a_protected_environment_protects_its_database_by_any_way(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        let url = match project.backend() {
            Backend::Sqlite => "sqlite:./migrations/../manage.db",
            Backend::Postgres => project.database_url(),
        };
        project.write("manage.toml", &format!("[environments.production]\nurl = \"{url}\"\nprotected = true\n"));

        refused(&project, 4, "redo --yes").snapshot("guard_protected_environment");
        refused(&project, 4, "database drop --yes").snapshot("guard_never_dropped");
        let facts = project.run("status --json").ok().json();

        assert_eq!(facts["database"]["protected"], true);
    }

    fn an_environment_and_a_marker_that_disagree_stop_what_writes(project: Project) {
        let project = applied(project).migration("20260103000000_more", "SELECT 1;", "SELECT 1;");
        mark(&project, "staging", false);
        let environment = |name: &str| format!("[environments.{name}]\nurl = \"{}\"\n", project.database_url());
        project.write("manage.toml", &format!("{}{}", environment("staging"), environment("qa")));

        for command in ["migrate", "rollback", "rollback --all --yes", "redo --yes", "database drop --yes", "setup", "migration run"] {
            refused(&project, 4, &format!("{command} --env qa"));
        }
        refused(&project, 4, "migrate --env qa").snapshot("guard_disagreement");
        project.run("status --env qa").ok().says("staging");
        project.run("migrate --env qa --plan").ok();
        project.run("migrate --env staging").ok();
    }

    fn a_marker_of_another_database_is_unknown(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        let table = if project.backend() == Backend::Sqlite { "manage_marker" } else { "manage.manage_marker" };
        let part = if project.backend() == Backend::Sqlite { "inode=" } else { "oid=" };
        project.execute(&format!("UPDATE {table} SET binding = replace(binding, '{part}', '{part}9')"));

        let outcome = refused(&project, 4, "rollback --all");

        outcome.says("was made for another database");
        project.run("doctor").says("was made for another database");
    }

    fn nothing_is_asked_where_nothing_is_to_be_done(project: Project) {
        let project = with_two_migrations(project);
        project.run("migrate").ok();
        project.run("rollback --all --yes").ok();
        unmark(&project);

        project.run("rollback --all").ok().says("nothing to take back");
        project.run("redo").ok().says("nothing to redo");
    }

    fn the_questions_say_what_would_be_lost(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);

        let all = Terminal::run(&project, "rollback --all").expect("[y/N] ").type_line("n").finish();
        let drop = Terminal::run(&project, "database drop").expect("go on: ").type_line("no").finish();

        all.exits_with(4).snapshot("guard_question");
        drop.exits_with(4).snapshot("guard_question_by_name");
    }
}

#[test]
fn a_copied_file_is_unknown() {
    let project = applied(Project::new());
    project.run("status").ok().says("development");
    std::fs::copy(project.path("manage.db"), project.path("copy.db")).expect("the folder is ours");

    let outcome = project.command("rollback --all --database sqlite:copy.db").run();

    outcome.fails_with(4).says("its marker development was made for another database: path was");
    project
        .run("status --database copy.db")
        .ok()
        .says("unknown: its marker development was made for another database")
        .says("manage marker set NAME");
}

#[test]
fn a_question_that_nobody_can_see_is_not_asked() {
    let project = applied(Project::new());
    unmark(&project);
    let script = format!("{} rollback --all 2> talk", env!("CARGO_BIN_EXE_manage"));

    let outcome = Terminal::start(project.program("sh", "sh").args(["-c", &script])).finish();

    outcome.exits_with(4);
    assert!(project.read("talk").contains("needs a yes"));
}
