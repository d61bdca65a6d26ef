//! The head of a script: TOML in its first comment, `/* manage … */`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::error::ScriptError;
use super::parameter::{Parameter, ParameterType};
use super::script::Kind;
use super::threshold::Threshold;
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::nearest::nearest;

/// What a script is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One account at a time.
    #[default]
    Tenant,
    /// The database as a whole.
    Global,
}

impl Scope {
    /// The word in a head.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Global => "global",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The check fails.
    #[default]
    Error,
    /// The check warns.
    Warn,
}

/// What a patch does with the rows that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Gives them new values.
    #[default]
    Update,
    /// Deletes them.
    Delete,
    /// Makes them.
    Insert,
}

/// What may be done with the rows of a table: one word, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "OpWords")]
pub struct Ops(pub Vec<Op>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OpWords {
    One(Op),
    Many(Vec<Op>),
}

impl From<OpWords> for Ops {
    fn from(words: OpWords) -> Self {
        match words {
            OpWords::One(op) => Self(vec![op]),
            OpWords::Many(ops) => Self(ops),
        }
    }
}

/// How a patch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A SELECT that names rows and their new values.
    #[default]
    Patch,
    /// One INSERT, UPDATE or DELETE.
    Statement,
    /// A SELECT of candidates, whose new values are computed by a function that is registered under the script's name.
    Rust,
}

/// The head of a script.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Head {
    /// What the script is for, in one line.
    pub description: String,
    /// One account at a time, or the database as a whole.
    pub scope: Scope,
    /// The databases on which it runs; all where none is named.
    pub engines: Vec<EngineWord>,
    /// Its parameters.
    pub params: BTreeMap<String, Spanned<Parameter>>,

    /// How bad a finding is.
    pub severity: Severity,
    /// verify: the table of the findings; patch: the table that is written.
    pub table: Option<String>,
    /// The columns that name a row.
    pub key: Option<Vec<String>>,
    /// With how many findings the check fails: `> 5`, `> 0.1%`.
    pub fail_if: Option<Spanned<String>>,
    /// With how many it warns.
    pub warn_if: Option<Spanned<String>>,
    /// The query that gives the rows of which a percentage is measured.
    pub total: Option<Spanned<String>>,
    /// How many findings are shown.
    pub limit: Option<u64>,
    /// The scripts that mend what it finds.
    pub fix: Vec<String>,
    /// Named counts that a finding has an effect on: `planner = "SELECT count(*) …"`.
    pub effects: BTreeMap<String, Spanned<String>>,

    /// patch: what is done with the rows.
    pub op: Option<Op>,
    /// patch: the checks that run before and after.
    pub verify: Vec<String>,
    /// patch: those of them that may go on finding what this script does not mend.
    pub leaves: Vec<String>,
    /// patch: more rows than this are refused.
    pub expect_max: Option<u64>,
    /// patch: columns that are left out of the digest and of undo's comparison.
    pub volatile: Vec<String>,
    /// patch: what triggers and cascades may write.
    pub side_effects: BTreeMap<String, Ops>,
    /// patch: how it is written.
    pub form: Form,
    /// patch, statement form: the tables that it writes.
    pub writes: Vec<String>,
}

/// A database's word in `engines`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineWord {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl From<EngineWord> for Engine {
    fn from(word: EngineWord) -> Self {
        match word {
            EngineWord::Sqlite => Self::Sqlite,
            EngineWord::Postgres => Self::Postgres,
        }
    }
}

/// Keys of a check only.
const OF_VERIFY: &[&str] = &["severity", "fail_if", "warn_if", "total", "limit", "fix", "effects"];
/// Keys of a patch only.
const OF_PATCH: &[&str] = &["op", "verify", "leaves", "expect_max", "volatile", "side_effects", "form", "writes"];
/// Keys of checks and patches.
const OF_ROWS: &[&str] = &["table", "key"];
/// Keys of every script.
const OF_ALL: &[&str] = &["description", "scope", "engines", "params"];

/// A head, and the byte behind its comment.
pub(super) struct Read {
    pub head: Head,
    pub behind: usize,
}

/// Reads the head of the script in `text`, the content of `file`.
///
/// # Errors
/// When there is none, or it is not valid: with line and column.
pub(super) fn read(file: &Path, text: &str, kind: Kind) -> Result<Read, ScriptError> {
    let at = text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
    let begins = text[at..].strip_prefix("/*").map(|rest| at + 2 + (rest.len() - rest.trim_start().len()));
    let Some(toml_at) = begins.filter(|at| text[*at..].starts_with("manage")).map(|at| at + "manage".len()) else {
        return Err(ScriptError::at(
            Place::in_text(file, text, at),
            "the script has no head",
            "begin it with /* manage, a description = \"…\" and */",
        ));
    };
    let Some(length) = text[toml_at..].find("*/") else {
        return Err(ScriptError::at(Place::in_text(file, text, at), "the head is not closed", "close it with */"));
    };
    let toml = &text[toml_at..toml_at + length];
    let trouble = |offset: usize, message: String, hint: String| {
        ScriptError::at(Place::in_text(file, text, toml_at + offset), message, hint)
    };
    // PostgreSQL's comments nest: the file would end elsewhere in psql.
    if let Some(nested) = toml.find("/*") {
        return Err(trouble(nested, "a second comment begins inside of the head".to_owned(), "leave /* out of it".to_owned()));
    }
    if let Some((offset, message, hint)) = wrong_key(toml, kind) {
        return Err(trouble(offset, message, hint));
    }
    let head: Head = toml::from_str(toml).map_err(|error| {
        trouble(
            error.span().map_or(0, |span| span.start),
            error.message().to_owned(),
            "correct the line; docs/guide/write-a-script.md shows every key".to_owned(),
        )
    })?;
    if head.description.trim().is_empty() {
        return Err(trouble(
            0,
            "the head has no description".to_owned(),
            "say in one line what the script is for: description = \"…\"".to_owned(),
        ));
    }
    check(&head, kind).map_err(|(offset, message, hint)| trouble(offset, message, hint))?;
    Ok(Read { head, behind: toml_at + length + 2 })
}

type Wrong = (usize, String, String);

/// The first key that this kind of script does not have.
fn wrong_key(toml: &str, kind: Kind) -> Option<Wrong> {
    let table: BTreeMap<Spanned<String>, toml::Value> = toml::from_str(toml).ok()?;
    let mut known: Vec<&str> = OF_ALL.to_vec();
    match kind {
        Kind::Verify => known.extend(OF_VERIFY.iter().chain(OF_ROWS)),
        Kind::Fix | Kind::Sync => known.extend(OF_PATCH.iter().chain(OF_ROWS)),
        Kind::Check | Kind::Diagnose => known.push("limit"),
    }
    let mut keys: Vec<&Spanned<String>> = table.keys().collect();
    keys.sort_by_key(|key| key.span().start);
    let wrong = keys.into_iter().find(|key| !known.contains(&key.get_ref().as_str()))?;
    let name = wrong.get_ref().as_str();
    let elsewhere = [OF_VERIFY, OF_PATCH, OF_ROWS].concat().contains(&name);
    let message = match elsewhere {
        true => format!("`{name}` is no key of a {} script", kind.prefix()),
        false => format!("`{name}` is no key of a script's head"),
    };
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("do you mean `{near}`?"),
        None => format!("the keys are {}", known.join(", ")),
    };
    Some((wrong.span().start, message, hint))
}

fn check(head: &Head, kind: Kind) -> Result<(), Wrong> {
    for (name, spanned) in &head.params {
        let at = spanned.span().start;
        let parameter = spanned.get_ref();
        if matches!(name.as_str(), "account" | "site" | "now") {
            return Err((
                at,
                format!("`:{name}` is always there and cannot be declared"),
                "give the parameter another name".to_owned(),
            ));
        }
        if (parameter.kind == ParameterType::Enum) == parameter.values.is_empty() {
            return Err((
                at,
                format!("the parameter `{name}` and its values do not fit"),
                "an enum has values = [\"…\"], other types have none".to_owned(),
            ));
        }
        if let Some(default) = parameter.default_text()
            && let Err(wanted) = parameter.read(&default, Engine::Postgres)
        {
            return Err((at, format!("the default of `{name}` is no value of its type"), format!("it takes {wanted}")));
        }
    }
    for spanned in [&head.fail_if, &head.warn_if].into_iter().flatten() {
        let at = spanned.span().start;
        let Some(threshold) = Threshold::parse(spanned.get_ref()) else {
            return Err((
                at,
                format!("`{}` is no threshold", spanned.get_ref()),
                "write \"> 5\", \">= 5\" or \"> 0.1%\"".to_owned(),
            ));
        };
        if threshold.needs_total() && head.total.is_none() {
            return Err((at, "a percentage needs a total".to_owned(), "add total = \"SELECT count(*) FROM …\"".to_owned()));
        }
    }
    if let Some(name) = head.leaves.iter().find(|name| !head.verify.contains(name)) {
        return Err((
            0,
            format!("`{name}` stands in leaves, and not in verify"),
            "name it in both, or in verify alone".to_owned(),
        ));
    }
    if matches!(kind, Kind::Fix | Kind::Sync) && head.form == Form::Statement && head.writes.is_empty() {
        return Err((0, "the statement form does not say what it writes".to_owned(), "add writes = [\"table\"]".to_owned()));
    }
    Ok(())
}

impl Head {
    /// Whether it declares a parameter that it needs and `given` does not have.
    pub fn lacks(&self, given: impl Fn(&str) -> bool) -> bool {
        self.params.iter().any(|(name, parameter)| {
            let parameter = parameter.get_ref();
            parameter.required && parameter.default.is_none() && !given(name)
        })
    }

    /// Whether it runs on this database.
    pub fn runs_on(&self, engine: Engine) -> bool {
        self.engines.is_empty() || self.engines.iter().any(|word| Engine::from(*word) == engine)
    }

    /// The columns that name a row of its table: the head's, else `id`.
    pub fn key_columns(&self) -> Vec<String> {
        self.key.clone().unwrap_or_else(|| vec!["id".to_owned()])
    }

    /// With how many findings the check fails.
    pub fn fails_with(&self) -> Option<Threshold> {
        match (&self.fail_if, self.severity) {
            (Some(text), _) => Threshold::parse(text.get_ref()),
            (None, Severity::Error) => Some(Threshold::ANY),
            (None, Severity::Warn) => None,
        }
    }

    /// With how many it warns.
    pub fn warns_with(&self) -> Threshold {
        self.warn_if.as_ref().and_then(|text| Threshold::parse(text.get_ref())).unwrap_or(Threshold::ANY)
    }
}
