//! `manage help`, and words that are not understood.

use super::*;

const COMMANDS: [&str; 12] = [
    "migrate",
    "rollback",
    "redo",
    "status",
    "new",
    "new migration",
    "database",
    "database create",
    "database drop",
    "database wait",
    "doctor",
    "completions",
];

#[test]
fn help_shows_two_examples_before_the_options() {
    let project = Project::new();

    for command in COMMANDS {
        let help = project.command(&format!("help {command}")).env("COLUMNS", "80").run().ok().stdout.clone();
        let (before, after) = help.split_once("\nEverywhere:\n").unwrap_or_else(|| panic!("{help}"));
        let (_, examples) = before.split_once("Examples:\n").unwrap_or_else(|| panic!("{help}"));
        let shown = examples.lines().take_while(|line| !line.is_empty());
        assert!(shown.filter(|line| line.starts_with("  manage ")).count() >= 2, "{help}");
        assert!(after.contains("--database <URL>"));
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert_eq!(help, project.command(&format!("{command} --help")).env("COLUMNS", "80").run().ok().stdout);
        assert_eq!(help, project.command(&format!("{command} -h")).env("COLUMNS", "80").run().ok().stdout);
    }
}

#[test]
fn help_is_readable() {
    let project = Project::new();

    project.command("help").env("COLUMNS", "80").run().ok().snapshot("help");
    project.command("help migrate").env("COLUMNS", "80").run().ok().snapshot("help_migrate");
    project.command("help database drop").env("COLUMNS", "80").run().ok().snapshot("help_database_drop");
}

#[test]
fn words_that_are_not_understood_are_explained() {
    let project = Project::new();

    project.run("migrte").fails_with(2).snapshot("usage_unknown_command");
    project.run("migrate --stesp 1").fails_with(2).snapshot("usage_unknown_option");
    project.run("rollback --steps 0").fails_with(2).snapshot("usage_steps_of_zero");
    project.run("help nothing").fails_with(2);
    project.run("").fails_with(2).says("Commands:");
    project.run("--color sometimes status").fails_with(2).says("auto");
    project.run("status -q -v").fails_with(2).says("cannot be used with");
    project.run("completions tcsh").fails_with(2).says("bash");
    assert!(project.run("--version").ok().stdout.starts_with("manage "));
}

#[test]
fn what_is_not_understood_is_json_too() {
    let project = Project::new();

    for arguments in ["--json", "status --json --nonsense", "migrate --json --steps x", "new --json", "nonsense --json"] {
        let outcome = project.run(arguments);
        let facts = outcome.fails_with(2).json();
        assert_eq!((&facts["schema"], &facts["exit_code"], &facts["database"]), (&1.into(), &2.into(), &serde_json::Value::Null));
        let error = facts["error"].as_object().expect("an object");
        for field in ["message", "cause", "hint", "file", "line", "column", "sqlstate"] {
            assert!(error.contains_key(field), "{field}\n{outcome}");
        }
        assert_eq!(outcome.stderr, "", "{outcome}");
    }
    assert_eq!(project.run("--json").json()["error"]["message"], "a command is missing");
}

#[test]
fn completions_need_no_project() {
    let project = Project::new().without_manage_toml();
    project.remove("migrations");

    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        project.run(&format!("completions {shell}")).ok().says("rollback");
    }
    project.run("completions bash --json").ok().json();
}
