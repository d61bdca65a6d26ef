//! The pages that are made from the binary, and what help shows.

use manage::cli::reference;

use super::page::{must_be, read};
use crate::support::*;

#[test]
fn the_made_pages_are_what_the_binary_says() {
    must_be("docs/reference/commands.md", &reference::commands());
    must_be("docs/reference/exit-codes.md", &reference::exit_codes());
    must_be("docs/reference/guards.md", &reference::guards());
}

#[test]
fn every_command_in_help_has_its_section_and_every_section_its_command() {
    let project = Project::new();

    let mut in_help = Vec::new();
    commands_below(&project, "", &mut in_help);
    let page = reference::commands();
    let mut in_page: Vec<_> = page.lines().filter_map(heading).map(str::to_owned).collect();
    in_help.sort();
    in_page.sort();

    assert_eq!(in_help, in_page);
}

#[test]
fn every_word_of_another_tool_is_in_the_page() {
    use clap::CommandFactory;
    let page = read("docs/reference/commands.md");
    let words = page.split_once("## Words of other tools").expect("the section is there").1;
    for hidden in manage::cli::Cli::command().get_subcommands().filter(|verb| verb.is_hide_set()) {
        assert!(words.contains(&format!("`{}", hidden.get_name())), "{} is not in the page", hidden.get_name());
        for verb in hidden.get_subcommands().filter(|verb| verb.get_name() != "help") {
            let shown = words.contains(&format!("{} {}", hidden.get_name(), verb.get_name()));
            assert!(shown || words.contains(&format!("`{}`", verb.get_name())), "{} is not in the page", verb.get_name());
        }
    }
}

/// `### manage database create` is `database create`.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix('#')?.trim_start_matches('#').trim().strip_prefix("manage ")
}

/// The commands that `manage help` names, and those below them.
fn commands_below(project: &Project, above: &str, found: &mut Vec<String>) {
    let help = project.run(&format!("help {above}")).ok().stdout.clone();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return };
    let names =
        list.lines().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let full = format!("{above} {name}").trim().to_owned();
        commands_below(project, &full, found);
        found.push(full);
    }
}
