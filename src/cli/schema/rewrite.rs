//! schema.rs follows the migrations, on databases of developers.

use std::path::Path;

use super::print::SchemaRs;
use crate::backend::Full;
use crate::cli::context::{Chosen, Context, Reached, shown};
use crate::cli::failure::Failure;
use crate::domain::explain::Class;
use crate::domain::marker::Marker;
use crate::domain::schema::Schema;
use crate::guards::Standing;
use crate::schema::{same_but_for_layout, written_for};

/// Writes every schema.rs that diesel.toml names anew, where the database is a development one and the text changes.
/// The migrations are through, so what goes wrong here is a warning.
pub fn after_migrations(context: &mut Context, chosen: &Chosen, reached: &mut Reached) {
    let development = match reached.standing {
        Standing::Development => true,
        // A database that this command has made was stamped after its standing was looked at.
        Standing::Unknown => {
            reached.session.created() && context.stamp(chosen, &reached.identity.location).as_deref() == Some(Marker::DEVELOPMENT)
        }
        Standing::Staging | Standing::Protected => false,
    };
    if !development {
        return;
    }
    if let Err(failure) = rewrite_all(context, chosen, reached) {
        let hint = failure.0.hint().map_or_else(String::new, |hint| format!("; {hint}"));
        context.screen.warn(&format!("schema.rs is not rewritten: {}{hint}", failure.0));
    }
}

fn rewrite_all(context: &mut Context, chosen: &Chosen, reached: &mut Reached) -> Result<(), Failure> {
    let schemas = SchemaRs::all(&chosen.project)?;
    if schemas.iter().all(|one| one.settings.file.is_none()) {
        return Ok(());
    }
    let schema = reached.session.introspect()?;
    let mut written = Vec::new();
    for one in &schemas {
        let Some(file) = &one.settings.file else { continue };
        if rewrite(context, one, file, &schema)? {
            written.push(shown(file, &context.folder));
        }
    }
    for file in &written {
        let name = if file.ends_with("schema.rs") { "schema.rs" } else { file };
        context.screen.talk(&format!("{name} rewritten"));
    }
    context.screen.facts.insert("schema_rs".to_owned(), written.into());
    Ok(())
}

/// Writes one file, and says whether it had to be.
fn rewrite(context: &mut Context, one: &SchemaRs, file: &Path, schema: &Schema) -> Result<bool, Failure> {
    let text = one.text(schema)?;
    let there = std::fs::read_to_string(file).ok();
    if let Some(there) = &there {
        if same_but_for_layout(there, &text) {
            return Ok(false);
        }
        if let Some(engine) = written_for(there).filter(|engine| *engine != schema.engine) {
            let file = shown(file, &context.folder);
            context.screen.talk(&format!("{file} holds the types of {engine} and is left as it is"));
            return Ok(false);
        }
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(file, text)).map_err(|error| {
        Failure::new(Class::CouldNotRun, format!("cannot write {}: {error}", file.display()), "check who may write there")
    })?;
    Ok(true)
}
