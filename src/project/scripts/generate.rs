//! A new script: a template that is refused until it is edited.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::ScriptError;
use super::load;
use super::script::{Kind, Script};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewScript<'a> {
    /// What it does.
    pub kind: Kind,
    /// In the words of the one who asks: "status fixes".
    pub words: &'a str,
    /// Whether rows belong to accounts, and the script is about one of them.
    pub tenant: bool,
    /// Whether rows belong to accounts, and the script is about all of them.
    pub global: bool,
}

/// Makes a new script in `folder`, which is made when it is missing. Gives its name and file.
///
/// # Errors
/// When nothing is left of the words, a script of that name is there, or the folder cannot be written.
pub fn generate(folder: &Path, new: &NewScript<'_>) -> Result<(String, PathBuf), ScriptError> {
    let stem = slug(new.words, new.kind);
    if stem.is_empty() {
        return Err(ScriptError::Parameter {
            message: format!("`{}` leaves no name for a file", new.words),
            hint: "use letters and digits: manage new verify \"status fixes\"".to_owned(),
        });
    }
    let name = stem.replace('_', "-");
    let file = folder.join(format!("{}_{stem}.sql", new.kind.prefix()));
    let there = load::files(folder)?.into_iter().filter_map(Result::ok);
    if let Some(known) = there.into_iter().find(|known| known.kind == new.kind && known.name == name) {
        return Err(ScriptError::Exists { file: known.path });
    }
    let failed = |path: &Path, error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => ScriptError::Exists { file: path.to_owned() },
        _ => ScriptError::File { verb: "write", file: path.to_owned(), cause: error.to_string() },
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&file);
    made.and_then(|mut made| made.write_all(template(new).as_bytes())).map_err(|error| failed(&file, error))?;
    Ok((name, file))
}

/// Lower case, words joined by one underscore, without the kind's prefix.
fn slug(words: &str, kind: Kind) -> String {
    let kept: String = words.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let stem = kept.split_whitespace().collect::<Vec<_>>().join("_");
    let bare = stem.strip_prefix(kind.prefix()).and_then(|rest| rest.strip_prefix('_'));
    bare.unwrap_or(&stem).to_owned()
}

fn template(new: &NewScript<'_>) -> String {
    let mut words: String = new.words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.retain(|c| !matches!(c, '"' | '\\' | '*'));
    let scope = if new.global { "scope = \"global\"\n" } else { "" };
    let of_account = |also: &str| match (new.tenant, also.is_empty()) {
        (true, true) => "\nWHERE account_id = :account".to_owned(),
        (true, false) => format!("\nWHERE account_id = :account AND {also}"),
        (false, true) => String::new(),
        (false, false) => format!("\nWHERE {also}"),
    };
    let unedited = Script::UNEDITED;
    match new.kind {
        Kind::Verify => format!(
            "/* manage\ndescription = \"{words}\"\n{scope}table = \"table_name\"          # the table of the findings\n\
             # fix = [\"name\"]              # the script that mends what is found\n*/\n\
             -- {unedited}, and take this line away. Every row is a finding.\n\
             SELECT id, 'status is ''' || status || '''' AS what, '''done''' AS expected\nFROM table_name{}\nORDER BY id\n",
            of_account("status <> 'done'")
        ),
        Kind::Fix | Kind::Sync => format!(
            "/* manage\ndescription = \"{words}\"\n{scope}table = \"table_name\"          # the rows below are written to this table\n\
             key = [\"id\"]\nop = \"update\"                   # update, delete or insert\n\
             # verify = [\"name\"]           # the checks before and after\n\
             volatile = [\"updated_at\"]     # columns that every run gives another value\n*/\n\
             -- {unedited}, and take this line away. Every row is a key and its new values.\n\
             SELECT id, 'done' AS status, :now AS updated_at\nFROM table_name{}\n",
            of_account("status <> 'done'")
        ),
        Kind::Check => format!(
            "/* manage\ndescription = \"{words}\"\n{scope}*/\n-- {unedited}, and take this line away. The rows are the report.\n\
             SELECT status, count(*) AS rows\nFROM table_name{}\nGROUP BY status\nORDER BY status\n",
            of_account("")
        ),
        Kind::Diagnose => format!(
            "/* manage\ndescription = \"{words}\"\n{scope}*/\n\
             -- {unedited}, and take this line away. Every row is a step.\n\
             SELECT 'has rows' AS step, count(*) > 0 AS ok, 'there are ' || count(*) AS detail\nFROM table_name{}\n",
            of_account("")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_words() {
        assert_eq!(slug("Status  fixes", Kind::Verify), "status_fixes");
        assert_eq!(slug("verify_status-fixes", Kind::Verify), "status_fixes");
        assert_eq!(slug("…", Kind::Fix), "");
    }

    #[test]
    fn a_template_is_valid_but_for_the_line_that_is_to_go() {
        for kind in Kind::ALL {
            for (tenant, global) in [(true, false), (false, true), (false, false)] {
                let text = template(&NewScript { kind, words: "a \"quoted\" */ name", tenant, global });
                let parse = |text: &str| Script::parse(kind, "x", Path::new("x.sql"), text);

                assert!(parse(&text).is_err_and(|error| error.to_string() == "the template was not edited"), "{text}");
                let edited: Vec<&str> = text.lines().filter(|line| !line.contains(Script::UNEDITED)).collect();
                let edited = parse(&edited.join("\n")).unwrap_or_else(|error| panic!("{text}\n{error}"));
                assert_eq!(edited.sql().contains(":account"), tenant);
            }
        }
    }
}
