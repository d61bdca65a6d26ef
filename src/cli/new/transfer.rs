//! `manage new transfer`

use crate::backend::{Access, Full};
use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::transfer::OfSource;
use crate::cli::transfer::sides::{Source, source_alone};
use crate::domain::explain::Class;
use crate::project::mapping::{template, write_mapping};

/// Make a first mapping from the old database and the new one
///
/// Tables and columns of the same or a similar name are mapped; what could not be told is skipped with a question. The
/// file is transfers/NAME.toml.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new transfer version-2 --source old.db")]
pub struct Args {
    /// The name of the file, without its ending
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,

    #[command(flatten)]
    of: OfSource,
}

fn name(text: &str) -> Result<String, String> {
    let good = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    if !text.is_empty() && text.chars().all(good) { Ok(text.to_owned()) } else { Err("letters, digits, - and _".to_owned()) }
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let (_, url) = source_alone(context, &args.of)?;
    let source = Source::open(context, url, "new transfer")?;
    let chosen = context.choose()?;
    let mut target = context.reach(&chosen, Access::Read, "new transfer")?;
    let schema = target.session.introspect()?;
    let text = template(&source.schema, &schema);
    let file = write_mapping(&chosen.project.folder, &args.name, &text).map_err(|error| match &error {
        crate::project::mapping::MappingError::Unreadable { file, error: cause }
            if cause.kind() == std::io::ErrorKind::AlreadyExists =>
        {
            Failure::new(
                Class::Usage,
                format!("{} is there already", shown(file, &context.folder)),
                "choose another name, or edit it",
            )
        }
        _ => error.into(),
    })?;
    let file = shown(&file, &context.folder);
    context.screen.facts.insert("file".to_owned(), file.clone().into());
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {file}"));
    context.screen.heading("Next: look at every `?` in it, then run `manage transfer validate-schema`.");
    Ok(Exit::Ok)
}
