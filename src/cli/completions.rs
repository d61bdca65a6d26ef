//! `manage completions`

use clap::CommandFactory;
use clap_complete::Shell;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage completions bash > ~/.local/share/bash-completion/completions/manage
  manage completions zsh > ~/.zfunc/_manage
  manage completions fish > ~/.config/fish/completions/manage.fish")]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// None.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "manage", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    context.screen.facts.insert("completions".to_owned(), text.as_str().into());
    if !context.screen.json {
        context.screen.write(&text);
    }
    Ok(Exit::Ok)
}
