//! Where the words go: `--json`, `--output`, `--log`, `-q`, `-v`, colours, pipes and terminals.

use super::*;

each_backend! {
    fn results_go_to_a_file(project: Project) {
        let project = with_two_migrations(project);

        let outcome = project.run("migrate --json --output out.json");
        let facts: serde_json::Value = serde_json::from_str(&project.read("out.json")).expect("JSON");

        assert_eq!(outcome.ok().stdout, "");
        assert_eq!(versions(&facts, "applied").len(), 2);
        project.run("status --output out.json").ok();
        assert!(project.read("out.json").contains("up to date"));
    }

    fn quietly_only_results_are_told(project: Project) {
        let project = with_two_migrations(project);

        let outcome = project.run("migrate -q");

        assert_eq!(outcome.ok().stderr, "");
        assert!(!outcome.stdout.contains(" on ") && outcome.stdout.contains("2 migrations applied"), "{outcome}");
        project.run("migrate 5 -q").fails_with(2).says("error: ").says("hint: ");
    }

    fn a_failure_is_one_object_with_all_fields(project: Project) {
        let project = project.migration("20260101000000_bad", "SELECT 1;\nSELEC 2;", "");

        let outcome = project.run("migrate --json");

        outcome.fails_with(3).snapshot("json_failure");
        assert_eq!(outcome.stderr, "");
        let facts = outcome.json();
        for field in ["message", "cause", "hint", "file", "line", "column", "sqlstate"] {
            assert!(!facts["error"][field].is_null(), "{field}\n{outcome}");
        }
    }

    fn a_log_keeps_what_happened(project: Project) {
        let project = with_two_migrations(project);
        project.run("migrate --log log.txt").ok();
        project.run("migrate 7 --log log.txt").fails_with(2);
        let text = project.read("log.txt");
        assert!(text.contains("committed") && text.contains("20260101000000") && text.contains("exit_code=2"), "{text}");
        assert!(text.lines().all(|line| line.starts_with("20") && line.contains('T')), "{text}");

        project.command("rollback --log log.json").env("MANAGE_LOG", "debug,json").run().ok();

        let lines = project.read("log.json");
        assert!(lines.lines().count() > 1);
        for line in lines.lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect("one object a line");
            assert!(event["timestamp"].is_string() && event["level"].is_string(), "{line}");
        }
    }

    fn a_log_has_its_levels(project: Project) {
        let project = with_two_migrations(project);
        let lines = |level: &str| {
            project.run("rollback --all --yes").exits_with(if project.has("first") { 0 } else { 3 });
            project.write("first", "");
            let _ = std::fs::remove_file(project.path("log"));
            project.command("migrate --log log").env("MANAGE_LOG", level).run().ok();
            project.read("log").lines().count()
        };
        if project.backend() == Backend::Postgres {
            project.write("first", "");
        }

        assert_eq!(lines("error"), 0);
        let (info, trace) = (lines("info"), lines("trace"));

        assert!(0 < info && info <= trace, "{info} {trace}");
    }
}

#[test]
fn a_log_that_cannot_be_is_said() {
    let project = with_two_migrations(Project::new());

    project.command("migrate --log log").env("MANAGE_LOG", "loud").run().fails_with(2).snapshot("log_of_no_level");
    project.run("migrate --log nowhere/log").fails_with(3).snapshot("log_nowhere");
    project.run("migrate --output nowhere/out").fails_with(3).snapshot("output_nowhere");
    let facts = project.run("migrate --json --output nowhere/out").fails_with(3).json();
    assert_eq!((&facts["schema"], &facts["exit_code"]), (&1.into(), &3.into()));
    project.run("migrate --json --log nowhere/log").fails_with(3).json();

    assert!(!project.has("manage.db"));
}

#[test]
fn colours_are_for_terminals_unless_told_otherwise() {
    let project = applied(Project::new());
    let coloured = |outcome: Outcome| outcome.stdout.contains('\u{1b}') || outcome.stderr.contains('\u{1b}');

    assert!(!coloured(project.run("rollback --plan")));
    assert!(coloured(project.run("rollback --color always")));
    assert!(coloured(project.run("migrate --to 5 --color always")));
    assert!(!coloured(project.run("migrate --color never")));
    assert!(!coloured(project.run("status --json --color always")));
    let raw = |invocation: Invocation| {
        let terminal = Terminal::start(invocation).expect("hint:");
        terminal.raw()
    };
    assert!(raw(project.command("migrate 5")).contains('\u{1b}'));
    assert!(!raw(project.command("migrate 5").env("NO_COLOR", "1")).contains("\u{1b}["));
    assert!(!raw(project.command("migrate 5 --color never")).contains("\u{1b}["));
    assert!(raw(project.command("migrate 5 --color always").env("NO_COLOR", "1")).contains("\u{1b}["));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut project = Project::new();
    for number in 0..300 {
        project = project.migration(&format!("20260101{number:06}_a_name_of_some_length"), "SELECT 1;", "SELECT 1;");
    }
    let manage = env!("CARGO_BIN_EXE_manage");

    for command in ["status", "status --json", "migrate --plan", "migrate --sql", "migrate", "completions bash"] {
        let script = format!("{manage} {command} | head -c 10 > /dev/null; echo ${{PIPESTATUS[0]}}");
        let outcome = project.program("bash", "bash").args(["-c", &script]).run();
        outcome.ok();
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str()),
            ("0\n", if command == "migrate --sql" { outcome.stderr.as_str() } else { "" }),
            "{command}"
        );
        outcome.does_not_say("panic").does_not_say("Broken pipe");
    }
    assert_eq!(history(&project).len(), 300);
}

#[test]
fn a_full_disk_is_not_success() {
    let project = with_two_migrations(Project::new());
    let manage = env!("CARGO_BIN_EXE_manage");
    let run = |arguments: &str| project.program("sh", "sh").args(["-c", &format!("{manage} {arguments} > /dev/full")]).run();

    run("status").fails_with(3).says("the results cannot be written").says("hint: ");
    run("status --json").fails_with(3).says("the results cannot be written");
    run("migrate").fails_with(3).says("the command itself is through");
    run("status --check").fails_with(3);
    run("migrate 5 --json").fails_with(2).says("there is no migration `5`");
    run("--json").exits_with(2);
    project.run("status --output /dev/full").fails_with(3).says("the results cannot be written");

    assert_eq!(history(&project).len(), 2);
}

#[test]
fn rows_are_cut_on_a_narrow_terminal() {
    let project = with_two_migrations(Project::new()).migration(
        "20260103000000_a_name_that_does_not_fit_on_a_terminal_of_sixty_columns",
        "SELECT 1;",
        "SELECT 1;",
    );
    let narrow = |arguments: &str| {
        let script = format!("stty cols 60; {} {arguments}", env!("CARGO_BIN_EXE_manage"));
        Terminal::start(project.program("sh", "sh").args(["-c", &script])).finish()
    };

    for arguments in ["migrate --plan", "migrate", "status"] {
        let outcome = narrow(arguments);
        outcome.ok().says("a_name_that_does_not_fit").says("…");
        let rows = outcome.stdout.lines().filter(|line| line.contains("2026"));
        assert!(rows.clone().all(|row| row.chars().count() <= 60) && rows.count() == 3, "{outcome}");
    }
}

#[test]
fn more_is_said_when_asked() {
    let project = Project::on(Backend::Postgres).migration(
        "20260101000000_a",
        "DO $$ BEGIN RAISE NOTICE 'a word'; RAISE WARNING 'beware'; END $$;",
        "SELECT 1;",
    );

    let outcome = project.run("migrate");
    project.run("rollback").ok();
    let verbose = project.run("migrate -v");

    outcome.ok().says("warning: beware").does_not_say("a word");
    verbose.ok().says("notice: a word").says("warning: beware");
}
