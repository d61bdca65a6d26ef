//! `manage notice render`

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::baseline::notice::{DEFAULT, Format, Template, parameters, render};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::project::texts;

/// Render the notice to users from a template
///
/// The template is templates/notice.md of the project, or the one that comes with manage. Its places are `{{date}}`, or
/// `{{length=a few minutes}}` with a default; a parameter that is given several times repeats its line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notice render --param date='1 March' --param change='Better validation' --param command='!add location <name>'
  manage notice render --param date='1 March' --format text --output notice.txt")]
pub struct Args {
    /// A template [default: templates/notice.md]
    #[arg(value_name = "TEMPLATE")]
    template: Option<PathBuf>,

    /// The value of a parameter
    #[arg(long, value_name = "K=V", value_parser = pair)]
    param: Vec<(String, String)>,

    /// How it is written
    #[arg(long, value_enum, default_value = "markdown")]
    format: Written,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Written {
    /// As the template is
    Markdown,
    /// Without marks
    Text,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let project = context.project()?;
    let own = project.folder.join(texts::NOTICE);
    let template = match &args.template {
        Some(file) => {
            let file = context.folder.join(file);
            Template { text: texts::read(&file)?, file }
        }
        None if own.is_file() => Template { text: texts::read(&own)?, file: own },
        None => Template { text: DEFAULT.to_owned(), file: PathBuf::from("notice.md of manage") },
    };
    let mut values = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &args.param {
        values.entry(name.clone()).or_default().push(value.clone());
    }
    let format = match args.format {
        Written::Markdown => Format::Markdown,
        Written::Text => Format::Text,
    };
    let text = render(&template, &values, format)?;
    context.screen.facts.insert("parameters".to_owned(), parameters(&template)?.into());
    context.screen.facts.insert("text".to_owned(), text.as_str().into());
    if !context.screen.json {
        context.screen.write(&text);
    }
    Ok(Exit::Ok)
}
