//! What an application gets with `default-features = false`.

use std::process::Command;

/// The crates below `manage` with these features, as cargo resolves them from the lock file.
fn crates(features: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["tree", "--package", "manage", "--no-default-features", "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    let ended = command.output().expect("cargo runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let text = String::from_utf8(ended.stdout).expect("text");
    let mut names: Vec<String> = text.lines().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

const OF_THE_COMMAND_LINE: &[&str] = &[
    "clap",
    "clap_builder",
    "clap_complete",
    "clap_mangen",
    "anstyle",
    "anstream",
    "indicatif",
    "console",
    "comfy-table",
    "crossterm",
    "terminal_size",
    "dotenvy",
    "signal-hook",
    "nu-ansi-term",
    "tracing-subscriber",
    "squawk-linter",
];

#[test]
fn an_embedder_gets_no_command_line_and_no_terminal() {
    for features in [&[][..], &["postgres"]] {
        let tree = crates(features);

        let found: Vec<&String> = tree.iter().filter(|name| OF_THE_COMMAND_LINE.contains(&name.as_str())).collect();
        assert!(found.is_empty(), "{features:?}: {found:?}");
        assert!(tree.iter().any(|name| name == "diesel") && tree.len() > 10, "the tree was read: {tree:?}");
    }
}

#[test]
fn an_embedder_gets_one_sqlite_and_no_second_driver() {
    for features in [&[][..], &["postgres"]] {
        let tree = crates(features);

        assert_eq!(tree.iter().filter(|name| *name == "libsqlite3-sys").count(), 1);
        assert!(!tree.iter().any(|name| name == "rusqlite"), "{tree:?}");
        assert_eq!(tree.iter().any(|name| name == "postgres"), !features.is_empty());
    }
}

#[test]
fn the_command_line_is_what_the_list_says() {
    let tree = crates(&["cli"]);

    let missing: Vec<&&str> = ["clap", "indicatif", "comfy-table", "rusqlite"]
        .iter()
        .filter(|name| !tree.iter().any(|known| known == **name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
