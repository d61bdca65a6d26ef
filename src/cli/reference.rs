//! The reference pages, made from the binary itself.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};

use super::exit::Exit;
use super::start::Cli;
use crate::guards::{Deed, Standing, consent};

/// docs/reference/commands.md
pub fn commands() -> String {
    let mut out = String::from("# Commands\n\nMade from the binary; do not edit. `manage help COMMAND` says the same.\n");
    let command = Cli::command();
    out.push_str("\n## Everywhere\n\n");
    options(&mut out, command.get_arguments().filter(|arg| !is_own(arg)));
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        section(&mut out, verb, "manage");
    }
    out.push_str("\n## Words of other tools\n\nThey work, and are not shown in help.\n\n| typed | means |\n|---|---|\n");
    for (typed, means) in [
        ("`makemigrations NAME`", "`new migration NAME`"),
        ("`showmigrations`", "`status`"),
        ("`sqlmigrate V`", "prints the SQL of one migration"),
        ("`migration run`, `revert`, `redo`", "`migrate`, `rollback`, `redo`"),
        ("`migration pending`, `list`", "`status`"),
        ("`migration generate NAME`", "`new migration NAME`"),
        ("`print-schema`", "`schema print`"),
        ("`setup`", "`database create`, then `migrate`"),
    ] {
        let _ = writeln!(out, "| {typed} | {means} |");
    }
    out
}

/// docs/reference/exit-codes.md
pub fn exit_codes() -> String {
    let mut out = String::from("# Exit codes\n\nMade from the binary; do not edit.\n\n| code | meaning |\n|---|---|\n");
    for (exit, meaning) in Exit::ALL {
        let _ = writeln!(out, "| {} | {meaning} |", exit.code());
    }
    out.push_str("\nSeveral at once: 4 > 3 > 5 > 6 > 7 > 1. Worth another try: 3 (connection), 6, 7.\n");
    out
}

/// docs/reference/guards.md
pub fn guards() -> String {
    let mut out = String::from(
        "# Guards\n\nWhat each writing command takes, by the kind of database that it reached. Made from the binary; do not edit.\n\n| command |",
    );
    for standing in Standing::ALL {
        let _ = write!(out, " {} |", standing.word());
    }
    out.push_str("\n|---|---|---|---|---|\n");
    for deed in Deed::ALL {
        let _ = write!(out, "| `{}` |", deed.command());
        for standing in Standing::ALL {
            let _ = write!(out, " {} |", consent(deed, standing).word());
        }
        out.push('\n');
    }
    out.push_str(
        "\n*free*: nothing is asked. *ask*: a yes on the terminal, or `--yes`. *ask by name*: the database's name, typed on a \
         terminal; `--yes` does not replace it. *never*: not there.\n\n\
         A database is **protected** when its marker says so, when a protected environment of manage.toml names it, or when it has \
         no marker and is not on this machine. It is **development** when `manage` itself made it in an environment that is not \
         protected. Without a marker, on this machine, it is **unknown**. Any other marker is **staging**. A marker is bound to its \
         database: that of a copied file or of a restored dump does not count.\n",
    );
    out
}

fn section(out: &mut String, command: &Command, above: &str) {
    let name = format!("{above} {}", command.get_name());
    let verbs: Vec<_> = command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help").collect();
    let _ = writeln!(out, "\n## {name}\n");
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        let _ = writeln!(out, "{about}\n");
    }
    if verbs.is_empty() {
        let usage = command.clone().bin_name(&name).render_usage().to_string();
        let _ = writeln!(out, "`{}`\n", usage.trim_start_matches("Usage: ").trim());
        options(out, command.get_arguments().filter(|arg| is_own(arg)));
    }
    if let Some(examples) = command.get_after_help() {
        let _ = writeln!(out, "\n```\n{examples}\n```");
    }
    for verb in verbs {
        section(out, verb, &name);
    }
}

fn options<'a>(out: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let args: Vec<_> = args.filter(|arg| !arg.is_hide_set()).collect();
    if args.is_empty() {
        return;
    }
    out.push_str("| option | meaning |\n|---|---|\n");
    for arg in args {
        let value =
            arg.get_value_names().filter(|_| arg.get_action().takes_values()).map(|names| names.join(" ")).unwrap_or_default();
        let name = match (arg.get_short(), arg.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long} {value}"),
            (None, Some(long)) => format!("--{long} {value}"),
            _ => value,
        };
        let default = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(", ");
        let default =
            if default.is_empty() || !arg.get_action().takes_values() { String::new() } else { format!(" (default: {default})") };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        let _ = writeln!(out, "| `{}` | {help}{default} |", name.trim());
    }
}

fn is_own(arg: &Arg) -> bool {
    !arg.is_global_set() && !matches!(arg.get_id().as_str(), "help" | "version")
}
