//! `manage schema print`

use serde_json::{Value, json};

use crate::backend::{Access, Full};
use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::explain::Class;
use crate::domain::schema::Schema;
use crate::project::rustfmt::Widths;
use crate::project::{DieselToml, PrintSchema, Project};
use crate::schema;

/// Print the database's schema as Diesel's schema.rs
///
/// Byte for byte what `diesel print-schema` prints, with the settings of `print_schema` in diesel.toml, all of them
/// where there are several; without the tables in which tools keep their own records. Never writes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage schema print
  manage schema print --output src/schema.rs
  manage schema print --key admin           only [print_schema.admin] of diesel.toml")]
pub struct Args {
    /// Only this one of several [print_schema.KEY]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// A schema.rs of a project.
pub struct SchemaRs {
    /// Its key in diesel.toml.
    pub key: String,
    /// How it is written.
    pub settings: PrintSchema,
    patch: Option<String>,
    widths: Widths,
}

impl SchemaRs {
    /// Every schema.rs that the project's diesel.toml describes.
    ///
    /// # Errors
    /// When diesel.toml or a file that it names is not valid or cannot be read.
    pub fn all(project: &Project) -> Result<Vec<Self>, Failure> {
        let widths = Widths::read(&project.folder)?;
        let one = |(key, settings): (String, PrintSchema)| {
            let patch = settings.read_patch()?;
            Ok(Self { key, settings, patch, widths })
        };
        DieselToml::read(&project.folder)?.schemas.into_iter().map(one).collect()
    }

    /// Its text for a schema.
    ///
    /// # Errors
    /// When Diesel has no word for something in it.
    pub fn text(&self, schema: &Schema) -> Result<String, schema::PrintError> {
        schema::print(schema, &self.settings, self.widths, self.patch.as_deref())
    }
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut wanted = SchemaRs::all(&chosen.project)?;
    if let Some(key) = &args.key {
        let known: Vec<_> = wanted.iter().map(|one| one.key.clone()).collect();
        wanted.retain(|one| one.key == *key);
        if wanted.is_empty() {
            return Err(Failure::new(
                Class::Usage,
                format!("diesel.toml has no [print_schema.{key}]"),
                format!("it has {}", known.join(", ")),
            ));
        }
    }
    let mut reached = context.reach(&chosen, Access::Read, "schema print")?;
    let schema = reached.session.introspect()?;
    let texts = wanted.iter().map(|one| one.text(&schema)).collect::<Result<Vec<_>, _>>()?;
    context.screen.talk(&format!("// {}", reached.title()));
    let facts: Value = wanted
        .iter()
        .zip(&texts)
        .map(|(one, text)| {
            let file = one.settings.file.as_ref().map(|file| shown(file, &context.folder));
            json!({ "key": one.key, "file": file, "text": text })
        })
        .collect();
    context.screen.facts.insert("schemas".to_owned(), facts);
    if !context.screen.json {
        context.screen.write(&texts.concat());
    }
    Ok(Exit::Ok)
}
