//! Looks at a script without running it: what can be told from its text, the tenancy map and the catalogue.

use std::collections::BTreeMap;

use super::check::{Check, Maker, Scoping};
use super::error::CheckError;
use super::report::Report;
use crate::backend::{Basic, Relation, Relations, Session};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::project::scripts::{Form, Kind, Op, Scope, Script, Scripts};
use crate::project::tenancy::Access;
use crate::tenancy::{Map, ScriptRefused};

/// Looks at a script. `relations` are the tables of the database.
///
/// # Errors
/// What is wrong with it: with the place.
pub fn inspect(
    script: &Script,
    scripts: &Scripts,
    scoping: Scoping<'_>,
    relations: &Relations,
    session: &mut Session,
) -> Result<(), CheckError> {
    names_others(script, scripts)?;
    if !script.head.runs_on(session.engine()) {
        return Ok(());
    }
    match script.kind {
        Kind::Verify => return Check::look(script, scoping, session),
        Kind::Check | Kind::Diagnose => return Report::look(script, scoping, session),
        Kind::Fix | Kind::Sync => {}
    }
    let patch = Patch { script, scoping, relations };
    if script.head.form == Form::Statement {
        return patch.statement(session);
    }
    if script.parts.is_empty() {
        let key = script.head.key_columns();
        let table = script.head.table.as_deref().unwrap_or_default();
        return patch.part(table, &key, script.head.op.unwrap_or_default(), script.sql(), script.body, session);
    }
    if let Some(at) = stray(script) {
        return Err(refused(
            script.place(at),
            "SQL stands before the first part".to_owned(),
            "move it behind a line -- patch: table(key)",
        ));
    }
    for part in &script.parts {
        patch.part(&part.table, &part.key, part.op, &script.text[part.start..part.end], part.start, session)?;
    }
    Ok(())
}

/// The scripts that a head names are there.
fn names_others(script: &Script, scripts: &Scripts) -> Result<(), CheckError> {
    let (kinds, names): (&[Kind], &[String]) = match script.kind {
        Kind::Verify => (&[Kind::Fix, Kind::Sync], &script.head.fix),
        _ => (&[Kind::Verify], &script.head.verify),
    };
    for name in names {
        if !scripts.all().any(|(kind, known, _)| kinds.contains(&kind) && known == name) {
            let kinds = kinds.iter().map(|kind| format!("{} script", kind.prefix())).collect::<Vec<_>>().join(" and no ");
            let at = script.text.find(&format!("\"{name}\"")).unwrap_or(0);
            return Err(refused(
                script.place(at),
                format!("the head names `{name}`, and there is no {kinds} of that name"),
                "manage scripts lists them; make one with manage new",
            ));
        }
    }
    Ok(())
}

/// The byte of SQL that belongs to no part.
fn stray(script: &Script) -> Option<usize> {
    let first = script.parts.first()?.start;
    let mut at = script.body;
    for line in script.text[script.body..first].split_inclusive('\n') {
        if !line.trim().is_empty() && !line.trim_start().starts_with("--") {
            return Some(at + (line.len() - line.trim_start().len()));
        }
        at += line.len();
    }
    None
}

fn refused(place: Place, message: String, hint: &str) -> CheckError {
    CheckError::of(&ScriptRefused { message, place: Some(place), hint: hint.to_owned() })
}

struct Patch<'a> {
    script: &'a Script,
    scoping: Scoping<'a>,
    relations: &'a Relations,
}

impl Patch<'_> {
    /// A SELECT that names rows and their new values.
    fn part(&self, table: &str, key: &[String], op: Op, sql: &str, at: usize, session: &mut Session) -> Result<(), CheckError> {
        let place = || self.script.place(at + (sql.len() - sql.trim_start().len()));
        let relation = self.writable(table, place())?;
        let mut maker = Maker::new(self.script, self.scoping, session);
        let query = maker.make(sql, at, true)?;
        let columns = maker.columns_of(&query)?;
        let of_table = |name: &String| relation.columns.iter().any(|column| column.name == *name);
        if let Some(missing) = key.iter().find(|name| op != Op::Insert && !columns.contains(name)) {
            return Err(refused(
                place(),
                format!("the SELECT does not return the key column `{missing}`"),
                "return every column of the key, so that each row names the one it changes",
            ));
        }
        // What a function in Rust looks at need not be of the table.
        let rust = self.script.head.form == Form::Rust;
        let strangers = columns.iter().filter(|_| !rust).chain(key).chain(&self.script.head.volatile);
        if let Some(unknown) = strangers.into_iter().find(|name| op != Op::Delete && !of_table(name)) {
            return Err(refused(
                place(),
                format!("`{table}` has no column `{unknown}`"),
                "name each result as the column that it is written to: expression AS column",
            ));
        }
        if let Some(twice) = columns.iter().enumerate().find(|(at, name)| columns[..*at].contains(name)) {
            return Err(refused(place(), format!("the column `{}` is returned twice", twice.1), "return it once"));
        }
        if op == Op::Update && columns.iter().all(|name| key.contains(name)) {
            return Err(refused(
                place(),
                "the SELECT returns no new value".to_owned(),
                "return the columns that change, beside the key; op = \"delete\" needs the key alone",
            ));
        }
        Ok(())
    }

    /// One INSERT, UPDATE or DELETE, of which only the words are looked at: to let the database look at it would need
    /// the right to write.
    fn statement(&self, session: &mut Session) -> Result<(), CheckError> {
        let sql = self.script.sql();
        let at = self.script.body + (sql.len() - sql.trim_start().len());
        for table in &self.script.head.writes {
            self.writable(table, self.script.place(at))?;
        }
        let mut maker = Maker::new(self.script, self.scoping, session);
        let writing = maker.writing(sql, self.script.body)?;
        let (engine, table) = (maker.engine(), writing.table);
        let same = |name: &String| *name == table.name || (engine == Engine::Sqlite && name.eq_ignore_ascii_case(&table.name));
        if !self.script.head.writes.iter().any(same) {
            return Err(refused(
                self.script.place(self.script.body + table.at),
                format!("the statement writes `{}`, and its head does not say so", table.name),
                "name it in writes = [\"…\"]",
            ));
        }
        Ok(())
    }

    /// The table, if a patch may write it.
    fn writable(&self, name: &str, place: Place) -> Result<&Relation, CheckError> {
        let known = |relation: &&Relation| relation.name == name && !relation.foreign;
        let Some(relation) = self.relations.visible.iter().find(known) else {
            return Err(refused(place, format!("there is no table `{name}`"), "correct the name of the table that is written"));
        };
        if relation.view {
            return Err(refused(place, format!("`{name}` is a view"), "a patch writes tables"));
        }
        let Scoping::Tenants { map, .. } = self.scoping else { return Ok(relation) };
        let message = match map.find(name) {
            None => Some(format!("[tenancy.tables] does not classify `{name}`, so no patch may write it")),
            Some(table) if table.access == Some(Access::Never) => {
                Some(format!("no patch may write `{name}`: its access is never"))
            }
            Some(table) if table.access == Some(Access::Global) && self.script.head.scope == Scope::Tenant => {
                Some(format!("`{name}` belongs to no account, so a patch about one account may not write it"))
            }
            Some(_) => None,
        };
        match message {
            Some(message) => Err(refused(place, message, "say in manage.toml whose its rows are, or write another table")),
            None => Ok(relation),
        }
    }
}

/// What is wrong with each script of a project that has something wrong with it, by its kind and name.
///
/// # Errors
/// When the tables of the database cannot be read.
pub fn inspect_all<'a>(
    scripts: &'a Scripts,
    map: Option<&Map>,
    relations: &Relations,
    session: &mut Session,
) -> BTreeMap<(Kind, &'a str), CheckError> {
    let scoping = map.map_or(Scoping::Whole, |map| Scoping::Tenants { map, site: map.site_table().is_some() });
    let mut wrong = BTreeMap::new();
    for (kind, name, script) in scripts.all() {
        let looked = match script {
            Ok(script) => inspect(script, scripts, scoping, relations, session),
            Err(error) => Err(CheckError::of(error)),
        };
        if let Err(error) = looked {
            wrong.insert((kind, name), error);
        }
    }
    wrong
}
