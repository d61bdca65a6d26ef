//! `manage init`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::context::{Context, shown};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use crate::domain::explain::Class;
use crate::project::config::Layout;
use crate::project::migrations::detect_layout;
use crate::project::{Config, Project};

/// Make a folder a project
///
/// Writes manage.toml, and makes the folder of the migrations where it is missing. What diesel or refinery has left
/// there is recognised, and the settings are written to match.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage init
  manage init services/billing")]
pub struct Args {
    /// The folder; the current one where it is left out
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the folder is a project already, or cannot be written.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let folder = args.folder.as_ref().map_or_else(|| context.folder.clone(), |folder| context.folder.join(folder));
    let file = folder.join(Project::FILE);
    if file.exists() {
        return Err(Failure::new(
            Class::Usage,
            format!("{} exists already", shown(&file, &context.folder)),
            "this is a project already: manage doctor looks at it",
        ));
    }
    let dir = Config::inferred(&folder)?.migrations.dir;
    let migrations = folder.join(&dir);
    let layout = detect_layout(&migrations)?;
    std::fs::create_dir_all(&migrations).map_err(|error| cannot_write(&migrations, &error, context))?;
    let text = settings(&dir, layout);
    std::fs::write(&file, text).map_err(|error| cannot_write(&file, &error, context))?;
    let written = shown(&file, &context.folder);
    context.screen.facts.insert("files".to_owned(), json!([written]));
    context.screen.facts.insert("layout".to_owned(), layout.map(Layout::word).into());
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {written}"));
    let place = shown(&migrations, &context.folder);
    context.screen.line(&match layout {
        Some(layout) => format!("{mark} {place} is in {}", layout.described()),
        None => format!("{mark} {place} is empty"),
    });
    context.screen.heading(match layout {
        Some(_) => {
            "Next: set DATABASE_URL (without it manage.db is used), look with `manage status`; a database that is there is taken over with `manage adopt`."
        }
        None => "Next: `manage new migration NAME`, write its files, then `manage migrate`. Without DATABASE_URL it makes manage.db.",
    });
    Ok(Exit::Ok)
}

fn cannot_write(path: &Path, error: &std::io::Error, context: &Context) -> Failure {
    let path = shown(path, &context.folder);
    Failure::new(Class::CouldNotRun, format!("cannot write {path}: {error}"), "check who may write there")
}

/// The text of manage.toml.
fn settings(dir: &Path, layout: Option<Layout>) -> String {
    // What JSON writes of a text TOML reads.
    let dir = json!(dir.to_string_lossy());
    let layout = layout.map_or_else(
        || "# layout = \"diesel\"             # or \"refinery\", \"numbered\"; detected where it is not said\n".to_owned(),
        |layout| format!("layout = \"{}\"\n", layout.word()),
    );
    format!(
        "# The settings of `manage`.\n\
         \n\
         [database]\n\
         # ${{NAME:-default}} is a variable of the environment or of the file .env. --database and --env are stronger.\n\
         url = \"${{DATABASE_URL:-sqlite:manage.db}}\"\n\
         \n\
         [migrations]\n\
         dir = {dir}\n\
         {layout}\
         \n\
         # Databases with a name, for --env NAME. A protected one is guarded, however it is reached.\n\
         # [environments.production]\n\
         # url = \"${{PRODUCTION_DATABASE_URL}}\"\n\
         # protected = true\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (dir, layout) in [("migrations", None), ("db/\"odd\"", Some(Layout::Refinery)), ("db", Some(Layout::Numbered))] {
            let text = settings(Path::new(dir), layout);

            let config =
                Config::parse(Path::new("manage.toml"), text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));

            assert_eq!((config.migrations.dir.as_path(), config.migrations.layout), (Path::new(dir), layout));
        }
    }
}
