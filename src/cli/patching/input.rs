//! Where the rows of a patch come from: its query, a function in Rust, or a file.

use std::path::Path;

use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::checksum::sha256_hex;
use crate::domain::explain::Class;
use crate::patch::{Part, PartJob, RustForm, Source};
use crate::platform::patches;
use crate::project::Project;
use crate::project::csv::Csv;
use crate::project::scripts::{Form, Script};

/// The name under which the file of a run stands among its parameters. No parameter is called so.
pub const FILE: &str = "--csv";

/// Reads the file that `--csv` names, from the folder in which the person stands.
///
/// # Errors
/// When it cannot be read, is no CSV, or the script takes none.
pub fn file(context: &Context, script: &Script, file: &Path) -> Result<Csv, Failure> {
    if script.head.form != Form::Patch || script.parts.len() > 1 {
        return Err(Failure::new(
            Class::Usage,
            format!("`{}` takes no rows of a file", script.name),
            "--csv is for scripts of one query, whose rows the file replaces",
        ));
    }
    let csv = Csv::read(&context.folder.join(file))?;
    let place = Project::shown(&csv.file, &context.folder).to_path_buf();
    Ok(Csv { file: place, ..csv })
}

/// What is kept of a file: which one it was, and that it is the same.
pub fn identity(csv: &Csv, folder: &Path) -> String {
    format!("{} sha256:{}", shown(&csv.file, folder), sha256_hex(&csv.text))
}

/// The job of a part of a script.
///
/// # Errors
/// When it computes in Rust, and this program has no function of that name.
pub fn part(script: &Script, (table, key, op, source): Part, file: Option<&Csv>) -> Result<PartJob, Failure> {
    let source = match (source, script.head.form, file) {
        (Source::Script(query), Form::Rust, _) => Source::Rust(query, function(script)?),
        (Source::Script(query), _, Some(file)) => Source::File(query, file.clone()),
        (source, ..) => source,
    };
    Ok(PartJob { table, key, op, source })
}

/// The function that is registered under the script's name.
fn function(script: &Script) -> Result<RustForm, Failure> {
    let known = patches::ALL.iter().find(|known| known.name == script.name);
    known.map(|known| RustForm::new(known.columns, known.compute)).ok_or_else(|| {
        Failure::new(
            Class::Usage,
            format!("`{}` is computed in Rust, and this program has no function of that name", script.name),
            "run it with the program that registers the function, or write it as a SELECT of new values",
        )
    })
}
