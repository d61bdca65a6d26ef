//! A script: a file with a head.

use std::path::{Path, PathBuf};

use super::error::ScriptError;
use super::head::{self, Form, Head};
use super::parts::{self, Part};
use crate::domain::checksum::sha256_hex;
use crate::domain::explain::Place;

/// What a script does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `verify_*`: says what is wrong.
    Verify,
    /// `fix_*`: changes data.
    Fix,
    /// `sync_*`: changes data.
    Sync,
    /// `check_*`: a report.
    Check,
    /// `diagnose_*`: a report in steps.
    Diagnose,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Verify, Self::Fix, Self::Sync, Self::Check, Self::Diagnose];

    /// The word that file names begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Fix => "fix",
            Self::Sync => "sync",
            Self::Check => "check",
            Self::Diagnose => "diagnose",
        }
    }

    /// The command that runs it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Check | Self::Diagnose => "report",
            other => other.prefix(),
        }
    }

    /// Whether it only reads.
    pub fn reads_only(self) -> bool {
        !matches!(self, Self::Fix | Self::Sync)
    }
}

/// A script of the project.
#[derive(Debug, Clone)]
pub struct Script {
    /// What it does.
    pub kind: Kind,
    /// Its name as it is typed: `status-fixes`.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// The whole text.
    pub text: String,
    /// Its head.
    pub head: Head,
    /// The byte at which its SQL begins.
    pub body: usize,
    /// The parts of a patch; none where it has one.
    pub parts: Vec<Part>,
}

impl Script {
    /// Reads `text`, the content of `file`, as a script of this kind and name.
    ///
    /// # Errors
    /// When its head or a part of it is not valid.
    pub fn parse(kind: Kind, name: &str, file: &Path, text: &str) -> Result<Self, ScriptError> {
        let read = head::read(file, text, kind)?;
        let parts = if kind.reads_only() { Vec::new() } else { parts::parts(file, text, read.behind)? };
        let script = Self {
            kind,
            name: name.to_owned(),
            file: file.to_owned(),
            text: text.to_owned(),
            head: read.head,
            body: read.behind,
            parts,
        };
        if let Some(at) = script.text.find(Self::UNEDITED) {
            return Err(ScriptError::at(script.place(at), "the template was not edited", "write the script's SQL in its place"));
        }
        if !kind.reads_only() && script.head.form != Form::Statement && script.parts.is_empty() && script.head.table.is_none() {
            return Err(ScriptError::at(
                script.place(0),
                "the patch does not say which table it writes",
                "add table = \"…\" and key = [\"id\"], or a line -- patch: table(key) before each SELECT",
            ));
        }
        Ok(script)
    }

    /// The words of a template that are to be replaced.
    pub const UNEDITED: &'static str = "write the SQL here";

    /// Its SQL.
    pub fn sql(&self) -> &str {
        &self.text[self.body..]
    }

    /// The place of byte `offset` of the file.
    pub fn place(&self, offset: usize) -> Place {
        Place::in_text(&self.file, &self.text, offset)
    }

    /// SHA-256 of the whole text, in hexadecimal digits.
    pub fn hash(&self) -> String {
        sha256_hex(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::explain::Explain;

    fn verify(head: &str) -> Result<Script, ScriptError> {
        Script::parse(Kind::Verify, "x", Path::new("verify_x.sql"), &format!("/* manage\n{head}\n*/\nSELECT 1"))
    }

    fn refused(head: &str) -> (usize, String, String) {
        let error = verify(head).expect_err(head);
        let line = error.place().and_then(|place| place.line).expect("it says where");
        (line, error.to_string(), error.hint().unwrap_or_default())
    }

    #[test]
    fn a_head_says_what_the_script_is() {
        let script = verify("description = \"d\"\nscope = \"global\"\nengines = [\"sqlite\"]\nfix = [\"a\"]\n[params.since]\ntype = \"date\"\ndefault = 2026-01-01\n[effects]\nplanner = \"SELECT 1\"")
            .expect("every key is known");

        assert_eq!(script.sql().trim(), "SELECT 1");
        assert!(script.head.params.contains_key("since") && script.head.effects.contains_key("planner"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(
            refused("description = \"d\"\ntabel = \"x\""),
            (3, "`tabel` is no key of a script's head".into(), "do you mean `table`?".into())
        );
        assert_eq!(refused("description = \"d\"\nop = \"update\"").1, "`op` is no key of a verify script");
        assert_eq!(refused("scope = \"tenant\"").1, "the head has no description");
        assert_eq!(refused("description = \"d\"\nscope = \"all\"").0, 3);
        assert_eq!(refused("description = \"d\"\nfail_if = \"5\"").1, "`5` is no threshold");
        assert_eq!(refused("description = \"d\"\nfail_if = \"> 5%\"").1, "a percentage needs a total");
        assert_eq!(
            refused("description = \"d\"\n[params.account]\ntype = \"text\"").1,
            "`:account` is always there and cannot be declared"
        );
        assert_eq!(refused("description = \"d\"\n[params.m]\ntype = \"enum\"").0, 3);
        assert_eq!(
            refused("description = \"d\"\n[params.m]\ntype = \"integer\"\ndefault = \"x\"").1,
            "the default of `m` is no value of its type"
        );
        assert_eq!(refused("description = \"d\"\n[params.m]\ntype = \"float\"").0, 4);
        assert_eq!(refused("description = \"/* \"").1, "a second comment begins inside of the head");
        assert_eq!(refused("description = ").0, 2);
    }

    #[test]
    fn a_script_begins_with_its_head() {
        for text in
            ["SELECT 1", "-- a\n/* manage\ndescription = 'd'\n*/", "/* manager */ SELECT 1", "/* manage\ndescription = 'd'"]
        {
            let script = Script::parse(Kind::Check, "x", Path::new("x.sql"), text);
            assert!(script.is_err(), "{text}");
        }
    }

    #[test]
    fn a_patch_says_what_it_writes() {
        let fix = |text: &str| Script::parse(Kind::Fix, "x", Path::new("fix_x.sql"), text);

        assert!(fix("/* manage\ndescription = 'd'\n*/\nSELECT 1").is_err());
        assert!(fix("/* manage\ndescription = 'd'\nform = 'statement'\n*/\nDELETE FROM t").is_err());
        assert_eq!(
            fix("/* manage\ndescription = 'd'\n*/\n-- patch: t(id) delete\nSELECT 1").map(|fix| fix.parts.len()).ok(),
            Some(1)
        );
    }
}
