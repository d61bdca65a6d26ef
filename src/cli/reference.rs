//! The reference pages, made from the binary itself.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};

use super::exit::Exit;
use super::start::Cli;
use crate::guards::{Deed, Standing, consent};

/// Words of other tools: what is typed, and what it means.
const HABITS: [(&str, &str); 9] = [
    ("`makemigrations NAME`", "`new migration NAME`; it says that the file is empty"),
    ("`showmigrations`", "`status`"),
    ("`sqlmigrate V`", "prints the SQL of one migration"),
    ("`migration run`, `revert`, `redo`", "`migrate`, `rollback`, `redo`"),
    ("`migration pending`, `list`", "`status`"),
    ("`migration generate NAME`", "`new migration NAME`"),
    ("`print-schema`", "`schema print`"),
    ("`setup`", "`database create`, then `migrate`"),
    ("`check`", "`lint`"),
];

/// docs/reference/commands.md
pub fn commands() -> String {
    let command = Cli::command();
    let mut out = String::from("# Commands\n\nMade from the binary; do not edit. `manage help COMMAND` says the same.\n\n");
    for verb in shown(&command) {
        let name = format!("manage {}", verb.get_name());
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(out, "- [`{name}`](#{}): {about}", anchor(&name));
    }
    out.push_str("\n## Options of every command\n\n");
    options(&mut out, command.get_arguments().filter(|arg| !is_own(arg)));
    out.push_str(
        "\nA TIME is a number with a unit: `500ms`, `30s`, `5m`, `1h`. A V is a version, or the name of the migration's folder. \
         Results go to standard output, talk and errors to standard error. [Exit codes](exit-codes.md), [facts of --json](json.md), \
         [variables](environment.md).\n",
    );
    for verb in shown(&command) {
        section(&mut out, verb, "manage", 2);
    }
    out.push_str("\n## Words of other tools\n\nThey work, and are not shown in help.\n\n| typed | means |\n|---|---|\n");
    for (typed, means) in HABITS {
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
    out.push_str(
        "\nSeveral at once: 4 > 3 > 5 > 6 > 7 > 1. Worth another try: 3 when the connection failed, 6, 7.\n\n\
         With `--json` the code stands in the facts too, as `exit_code`.\n",
    );
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
    for &deed in Deed::ALL {
        let _ = write!(out, "| `manage {}` |", deed.command());
        for standing in Standing::ALL {
            let _ = write!(out, " {} |", consent(deed, standing).word());
        }
        out.push('\n');
    }
    out.push_str(
        "\n- *free*: nothing is asked.\n\
         - *ask*: a yes on the terminal, or `--yes`.\n\
         - *ask by name*: the database's name, typed on a terminal; `--yes` does not replace it.\n\
         - *digest and reason*: the plan that was shown, confirmed on a terminal or named by `--digest`, and a reason; `--yes` replaces neither.\n\
         - *token or name*: the token that `--plan` has given, or the database's name, typed on a terminal; nothing else replaces them.\n\
         - *never*: it is not done there.\n\n\
         `fix`, `sync` and `undo` take `--yes` only together with `--max-rows`.\n\n\
         Without a terminal, and with `--json`, nobody can be asked: what needs an answer is refused with exit 4.\n\n\
         ## Which kind a database is\n\n\
         The first line that fits decides.\n\n\
         1. **protected**: an environment of `manage.toml` with `protected = true` leads to the same database, however it was chosen.\n\
         2. Its marker holds. The marker says **protected**, or its name is `development`: **development**, or it has any other name: **staging**.\n\
         3. It has no marker that holds, and is on this machine (a file, a socket, a loopback address): **unknown**.\n\
         4. It has no marker that holds, and is elsewhere: **protected**.\n\n\
         A marker is the name of an environment, kept in the database. A database that `manage` itself makes in an environment that \
         is not protected gets one: the environment's name, or, on this machine, `development` where none was given. `manage marker set` \
         gives any name. It protects where `--protected` is given, where the environment of that name is protected in `manage.toml`, or \
         where it is called `production`, `prod` or `live`. It is bound to its database: on PostgreSQL to system identifier, oid and \
         name, on SQLite to path, inode and a name within the file. So the marker of a copied file or of a restored dump does not hold. \
         `manage marker show` says which kind a database is, and why; the [guide](../guide/guards.md) explains it.\n\n\
         To take protection away by `marker set` needs a reason, the typed name, and the same command again ten minutes later.\n\n\
         The scratch database of `lint --roundtrip` is a temporary file on SQLite: there it is free everywhere.\n\n\
         When `--env` chose the database and its marker has another name, every writing command is refused with exit 4.\n",
    );
    out
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

fn section(out: &mut String, command: &Command, above: &str, level: usize) {
    let name = format!("{above} {}", command.get_name());
    let _ = writeln!(out, "\n{} {name}\n", "#".repeat(level));
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        let _ = writeln!(out, "{about}");
    }
    if shown(command).next().is_none() {
        let usage = command.clone().bin_name(&name).render_usage().to_string();
        let _ = writeln!(out, "\n```\n{}\n```\n", usage.trim_start_matches("Usage: ").trim());
        options(out, command.get_arguments().filter(|arg| is_own(arg)));
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let lines: Vec<_> = examples.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
        match lines.split_first() {
            Some((&"Examples:", rest)) => {
                let _ = writeln!(out, "\nExamples:\n\n```\n{}\n```", rest.join("\n"));
            }
            _ => {
                let _ = writeln!(out, "\n```\n{}\n```", lines.join("\n"));
            }
        }
    }
    for verb in shown(command) {
        section(out, verb, &name, level + 1);
    }
}

fn options<'a>(out: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let args: Vec<_> = args.filter(|arg| !arg.is_hide_set()).collect();
    if args.is_empty() {
        out.push_str("It has no options of its own.\n");
        return;
    }
    out.push_str("| option | meaning |\n|---|---|\n");
    for arg in args {
        let takes_value = arg.get_action().takes_values();
        let value = arg.get_value_names().filter(|_| takes_value).map(|names| names.join(" ")).unwrap_or_default();
        let name = match (arg.get_short(), arg.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long} {value}"),
            (None, Some(long)) => format!("--{long} {value}"),
            _ => value,
        };
        let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        if takes_value {
            let values: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
            if !values.is_empty() {
                let _ = write!(help, ": {}", values.join(", "));
            }
            let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            if !default.is_empty() {
                let _ = write!(help, " (default: {})", default.join(", "));
            }
        }
        if arg.is_required_set() {
            help.push_str(" (needed)");
        }
        let _ = writeln!(out, "| `{}` | {} |", name.trim(), cell(&help));
    }
}

/// A text as it must stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}

/// The fragment that a heading gets where the page is shown.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

fn is_own(arg: &Arg) -> bool {
    !arg.is_global_set() && !matches!(arg.get_id().as_str(), "help" | "version")
}
