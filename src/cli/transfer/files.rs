//! Rows that were left, as a file: CSV or JSON by its ending.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::json;

use crate::backend::Left;
use crate::cli::failure::Failure;
use crate::domain::explain::Class;

/// A file that rows are written to one by one, so that there may be many.
pub struct LeftFile {
    out: BufWriter<File>,
    json: bool,
    first: bool,
    name: String,
}

impl LeftFile {
    /// Makes the file.
    ///
    /// # Errors
    /// When it cannot be written, or has another ending.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let json = match path.extension().and_then(|end| end.to_str()) {
            Some("csv") => false,
            Some("json") => true,
            _ => {
                return Err(Failure::new(
                    Class::Usage,
                    format!("{} is neither .csv nor .json", path.display()),
                    "name a file that ends so",
                ));
            }
        };
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| unwritten(&name, &error))?;
        let mut made = Self { out: BufWriter::new(file), json, first: true, name };
        let head = if json { "[" } else { "table,fate,key,column,rule,message\n" };
        made.write(head)?;
        Ok(made)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, table: &str, left: &Left) -> Result<(), Failure> {
        let text = if self.json {
            let row = json!({
                "table": table, "fate": left.fate.word(), "key": left.key, "column": left.column, "rule": left.rule, "message": left.message,
            });
            format!("{}\n  {row}", if self.first { "" } else { "," })
        } else {
            let fields = [table, left.fate.word(), &left.key, &left.column, &left.rule, &left.message];
            format!("{}\n", fields.map(field).join(","))
        };
        self.first = false;
        self.write(&text)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> Result<(), Failure> {
        let tail = if self.json { "\n]\n" } else { "" };
        self.write(tail)?;
        self.out.flush().map_err(|error| unwritten(&self.name, &error))
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(|error| unwritten(&self.name, &error))
    }
}

fn unwritten(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(Class::CouldNotRun, format!("cannot write {name}: {error}"), "name a file in a folder that you may write")
}

/// A field of CSV (RFC 4180). What a table calculator would take for a formula gets an apostrophe.
fn field(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}
