//! `manage scripts show`

use serde_json::{Value, json};

use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::project::scripts::{self, Parameter, ParameterType};

/// Show a script: what it is for, its parameters, its SQL
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage scripts show status-fixes
  manage scripts show fix-cluster-status        where a verify and a fix script have one name")]
pub struct Args {
    /// Its name, with or without the word for its kind
    #[arg(value_name = "NAME")]
    name: String,
}

/// Runs the command.
///
/// # Errors
/// When there is no such script, or it is not valid.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let scripts = scripts::load(&chosen.project.scripts_folder(), chosen.url.engine())?;
    let (kind, name) = scripts.kind_of(&args.name)?;
    let script = scripts.named(&[kind], &name)?;
    let file = shown(&script.file, &context.folder);
    let hash = script.hash();
    let head = &script.head;
    let parameters: Vec<Value> = head.params.iter().map(|(name, parameter)| parameter_fact(name, parameter.get_ref())).collect();
    let facts = &mut context.screen.facts;
    facts.insert("name".to_owned(), script.name.clone().into());
    facts.insert("kind".to_owned(), kind.prefix().into());
    facts.insert("file".to_owned(), file.clone().into());
    facts.insert("sha256".to_owned(), hash.clone().into());
    facts.insert("description".to_owned(), head.description.clone().into());
    facts.insert("scope".to_owned(), head.scope.word().into());
    facts.insert("params".to_owned(), parameters.into());
    facts.insert("text".to_owned(), script.text.clone().into());
    let tenancy = chosen.project.config.tenancy.is_some();
    let screen = &mut context.screen;
    screen.heading(&format!("manage {} {}", kind.verb(), script.name));
    screen.heading(&format!("  {}", head.description.trim()));
    screen.heading(&format!("  {file} {}…", hash.get(..8).unwrap_or_default()));
    if tenancy {
        let scope = match head.scope {
            scripts::Scope::Tenant => "one account at a time",
            scripts::Scope::Global => "all accounts at once",
        };
        screen.heading(&format!("  about {scope}"));
    }
    for (name, parameter) in &head.params {
        screen.heading(&format!("  --param {name}={}", told(parameter.get_ref())));
    }
    screen.heading("");
    screen.line(script.sql().trim());
    Ok(Exit::Ok)
}

/// A parameter in words: what it takes, whether it must be given.
fn told(parameter: &Parameter) -> String {
    let kind = match parameter.kind {
        ParameterType::Enum => parameter.values.join("|"),
        kind => kind.word().to_uppercase(),
    };
    let state = match (parameter.default_text(), parameter.required) {
        (Some(default), _) => format!(" (else {default})"),
        (None, true) => " (needed)".to_owned(),
        (None, false) => String::new(),
    };
    let help = parameter.help.as_ref().map(|help| format!("  {help}")).unwrap_or_default();
    format!("{kind}{state}{help}")
}

fn parameter_fact(name: &str, parameter: &Parameter) -> Value {
    json!({
        "name": name,
        "type": parameter.kind.word(),
        "values": parameter.values,
        "required": parameter.required,
        "default": parameter.default_text(),
        "help": parameter.help,
    })
}
