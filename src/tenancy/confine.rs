//! Confines a script's query to one account: every table that it names becomes a `WITH` of its own.
//!
//! Names that could lead past these are refused: schemas, tables that nobody has classified, functions that may look
//! at anything. In doubt a script is refused, with the place.

use std::sync::Arc;

use super::error::ScriptRefused;
use super::map::{Map, Table};
use crate::backend::{Function, Readable, Session, SqlError};
use crate::domain::engine::Engine;
use crate::domain::schema::quoted;
use crate::domain::sql::binds::{Binds, Rewritten, uses};
use crate::domain::sql::query::{Mention, NotAQuery, Query, query};
use crate::domain::sql::statement::{Verb, Writing, statement};
use crate::project::tenancy::Access;

/// A query that is ready to be run.
#[derive(Debug, Clone)]
pub struct Confined {
    /// The statement, with the database's own placeholders.
    pub sql: String,
    /// The names of its parameters, in their order.
    pub parameters: Vec<String>,
    /// The tables that it may read; `None` for all.
    pub tables: Option<Arc<Readable>>,
    /// The byte of its file at which the script's own SQL begins.
    pub at: usize,
    own: Rewritten,
    before: usize,
    behind: usize,
}

impl Confined {
    /// The byte of the file that byte `at` of the statement was, where it was one of the script's own.
    pub fn origin(&self, at: usize) -> Option<usize> {
        at.checked_sub(self.before).map(|at| self.at + self.own.origin(at) + self.behind)
    }
}

/// What is wrong with a query, and the byte at which it stands.
pub type Refusal = (usize, ScriptRefused);

/// The functions that a query may call.
#[derive(Debug, Clone, Default)]
pub struct Functions(Vec<Function>);

impl Functions {
    /// Asks the catalogue for the functions that `sql` names.
    ///
    /// # Errors
    /// What the database refuses. A text that is no query has none.
    pub fn of(sql: &str, engine: Engine, session: &mut Session) -> Result<Self, SqlError> {
        match query(sql, engine) {
            Ok(query) => Self::named(&query, session),
            Err(_) => Ok(Self::default()),
        }
    }

    /// The same for a statement that writes.
    ///
    /// # Errors
    /// What the database refuses. A text that is no such statement has none.
    pub fn of_statement(sql: &str, engine: Engine, session: &mut Session) -> Result<Self, SqlError> {
        match statement(sql, engine) {
            Ok(writing) => Self::named(&writing.query, session),
            Err(_) => Ok(Self::default()),
        }
    }

    fn named(query: &Query, session: &mut Session) -> Result<Self, SqlError> {
        let mut names: Vec<String> = query.calls.iter().chain(&query.members).map(|mention| mention.name.clone()).collect();
        names.sort();
        names.dedup();
        session.functions(&names).map(Self)
    }

    fn refuse_volatile(&self, query: &Query) -> Result<(), Refusal> {
        for call in &query.calls {
            if self.0.iter().any(|known| known.name == call.name && known.volatile) {
                return Err(refusal(
                    call,
                    format!("`{}` may have effects, or gives another answer each time", call.name),
                    "use :now for the time, and no function that is volatile",
                ));
            }
        }
        Ok(())
    }

    fn refuse_reaching(&self, query: &Query, allowed: &[String]) -> Result<(), Refusal> {
        let lets = |known: &Function| {
            known.harmless
                || allowed.iter().any(|name| *name == known.name || *name == format!("{}.{}", known.schema, known.name))
        };
        let hint = "a function of the project's own is named in [tenancy] functions, once somebody has read it";
        for call in &query.calls {
            if self.0.iter().any(|known| known.name == call.name && !lets(known)) {
                return Err(refusal(call, format!("`{}` may read other accounts' rows", call.name), hint));
            }
        }
        for member in &query.members {
            if self.0.iter().any(|known| known.name == member.name && known.like_a_column && (known.volatile || !lets(known))) {
                return Err(refusal(
                    member,
                    format!("`{}` is also a function, which may read other accounts' rows", member.name),
                    hint,
                ));
            }
        }
        Ok(())
    }
}

/// How a placeholder is dressed: its name and the placeholder.
pub type Form<'a> = &'a dyn Fn(&str, String) -> String;

/// The query of a script that is not about one account, as it is.
///
/// # Errors
/// When it is no query, or calls what may have effects.
pub fn free(sql: &str, engine: Engine, functions: &Functions, form: Form<'_>) -> Result<Confined, Refusal> {
    let read = query(sql, engine).map_err(not_a_query)?;
    functions.refuse_volatile(&read)?;
    let mut binds = Binds::new(engine);
    let own = rewritten(&mut binds, sql, form)?;
    Ok(Confined { sql: own.sql.clone(), parameters: binds.names().to_vec(), tables: None, at: 0, own, before: 0, behind: 0 })
}

/// The statement of a script that is not about one account, as it is.
///
/// # Errors
/// When it is not one statement that writes one table, or calls what may have effects.
pub fn free_statement(sql: &str, engine: Engine, functions: &Functions, form: Form<'_>) -> Result<(Writing, Confined), Refusal> {
    let writing = statement(sql, engine).map_err(not_a_statement)?;
    functions.refuse_volatile(&writing.query)?;
    let mut binds = Binds::new(engine);
    let own = aborting(rewritten(&mut binds, sql, form)?, &writing, 0, engine);
    let sql = own.sql.clone();
    let confined = Confined { sql, parameters: binds.names().to_vec(), tables: None, at: 0, own, before: 0, behind: 0 };
    Ok((writing, confined))
}

/// The statement of a tenant script: what it reads beside its table is confined as [`confine`] does it. Its own table is
/// the table itself, so that what it writes has to be looked at.
///
/// # Errors
/// When it is not one statement that writes one table, or cannot be confined.
pub fn confine_statement(
    map: &Map,
    sql: &str,
    site: bool,
    functions: &Functions,
    form: Form<'_>,
) -> Result<(Writing, Confined), Refusal> {
    let writing = statement(sql, map.engine).map_err(not_a_statement)?;
    let confined = within(map, sql, site, true, functions, form, &writing.query, Some(&writing))?;
    Ok((writing, confined))
}

/// SQLite: a conflict ends the statement, whatever the schema says: rows are not replaced unseen.
fn aborting(own: Rewritten, writing: &Writing, behind: usize, engine: Engine) -> Rewritten {
    match (engine, writing.verb) {
        (Engine::Postgres, _) | (_, Verb::Delete) => own,
        (Engine::Sqlite, _) => own.with(writing.behind_verb - behind, " OR ABORT"),
    }
}

/// The query of a tenant script, confined to the account `:account` and, where `site` says so, to the site `:site`.
/// `must_name_it` asks that the text itself uses `:account`.
///
/// # Errors
/// When it is no query, or cannot be confined.
pub fn confine(
    map: &Map,
    sql: &str,
    site: bool,
    must_name_it: bool,
    functions: &Functions,
    form: Form<'_>,
) -> Result<Confined, Refusal> {
    let read = query(sql, map.engine).map_err(not_a_query)?;
    within(map, sql, site, must_name_it, functions, form, &read, None)
}

#[allow(clippy::too_many_arguments)]
fn within(
    map: &Map,
    sql: &str,
    site: bool,
    must_name_it: bool,
    functions: &Functions,
    form: Form<'_>,
    read: &Query,
    writing: Option<&Writing>,
) -> Result<Confined, Refusal> {
    let parameters = uses(sql, map.engine).map_err(foreign)?;
    if must_name_it && !parameters.iter().any(|parameter| parameter.name == "account") {
        let at = Mention { name: String::new(), at: sql.len() - sql.trim_start().len() };
        return Err(refusal(
            &at,
            "the script is about one account, and its SQL does not use :account".to_owned(),
            "compare a column with :account, or say scope = \"global\" in the head",
        ));
    }
    functions.refuse_volatile(read)?;
    functions.refuse_reaching(read, &map.config.functions)?;
    refuse_schemas(map, read)?;
    refuse_operators(map, read)?;
    let tables = tables(map, read)?;
    let mut binds = Binds::new(map.engine);
    let prefix = prefix(map, &tables, site, &mut binds, form);
    // What stands before the script's own text, and the byte of that text with which it goes on.
    let (before, behind) = match (prefix.is_empty(), read.with) {
        (true, _) => (String::new(), 0),
        (false, Some(with)) => (format!("WITH {}{prefix},\n", if with.recursive { "RECURSIVE " } else { "" }), with.behind),
        (false, None) => (format!("WITH {prefix}\n"), 0),
    };
    let own = rewritten(&mut binds, &sql[behind..], form)?;
    let own = match writing {
        Some(writing) => aborting(own, writing, behind, map.engine),
        None => own,
    };
    Ok(Confined {
        sql: format!("{before}{}", own.sql),
        parameters: binds.names().to_vec(),
        tables: Some(Arc::new(map.reach(&tables))),
        at: 0,
        before: before.len(),
        own,
        behind,
    })
}

fn rewritten(binds: &mut Binds, sql: &str, form: Form<'_>) -> Result<Rewritten, Refusal> {
    let mut own = binds.rewrite(sql, form).map_err(foreign)?;
    // The statement ends with the text: an empty one behind a `;` would be a second one to the server.
    let end = own.sql.trim_end().trim_end_matches(|c: char| c == ';' || c.is_whitespace()).len();
    if sql.trim_end().ends_with(';') {
        own.sql.truncate(end);
    }
    Ok(own)
}

fn not_a_query(error: NotAQuery) -> Refusal {
    let hint = "a script that reads is one SELECT; what changes rows is a fix_ or sync_ script";
    (error.at, ScriptRefused { message: error.what, place: None, hint: hint.to_owned() })
}

fn not_a_statement(error: NotAQuery) -> Refusal {
    let hint =
        "a script in statement form is one INSERT, UPDATE or DELETE; better is the patch form: a SELECT of keys and new values";
    (error.at, ScriptRefused { message: error.what, place: None, hint: hint.to_owned() })
}

fn foreign(error: crate::domain::sql::binds::ForeignPlaceholder) -> Refusal {
    (
        error.at,
        ScriptRefused {
            message: error.to_string(),
            place: None,
            hint: "write :name, and CAST(:name AS type) for a cast on SQLite".to_owned(),
        },
    )
}

fn refusal(mention: &Mention, message: String, hint: &str) -> Refusal {
    (mention.at, ScriptRefused { message, place: None, hint: hint.to_owned() })
}

fn refuse_schemas(map: &Map, read: &Query) -> Result<(), Refusal> {
    for qualifier in &read.qualifiers {
        // PostgreSQL folds bare names; a schema called so in any case is refused.
        if map.relations.schemas.iter().any(|schema| schema.eq_ignore_ascii_case(&qualifier.name)) {
            let message = format!("`{}` is a schema, and a script that is about one account names none", qualifier.name);
            return Err(refusal(qualifier, message, "write the table's name alone; give an alias of that name another"));
        }
    }
    Ok(())
}

fn refuse_operators(map: &Map, read: &Query) -> Result<(), Refusal> {
    if let Some(mention) = read.operators.iter().find(|mention| map.relations.operators.contains(&mention.name)) {
        return Err(refusal(
            mention,
            format!("`{}` is an operator of the project's own, which may read other accounts' rows", mention.name),
            "use the database's own operators",
        ));
    }
    match read.names.iter().find(|mention| map.relations.casts.contains(&mention.name)) {
        Some(mention) => Err(refusal(
            mention,
            format!("`{}` has a cast of the project's own, which may read other accounts' rows", mention.name),
            "use the database's own types",
        )),
        None => Ok(()),
    }
}

/// The classified tables that the query names.
fn tables<'m>(map: &'m Map, read: &Query) -> Result<Vec<&'m Table>, Refusal> {
    for own in &read.own {
        if map.relation(&own.name).is_some() {
            return Err(refusal(
                own,
                format!("`{}` is a table, and cannot be the name of a WITH", own.name),
                "give it another name",
            ));
        }
    }
    for mention in &read.tables {
        if read.own.iter().any(|own| map.same(&own.name, &mention.name)) {
            continue;
        }
        if let Some(table) = map.find(&mention.name) {
            if table.paths.is_empty() && table.access != Some(Access::Global) {
                let hint = "give it a path to the account beside its access: account = \"account_id\"";
                return Err(refusal(mention, format!("nothing says whose the rows of `{}` are", table.name), hint));
            }
            continue;
        }
        if let Some(relation) = map.relation(&mention.name) {
            let kind = if relation.view { "view" } else { "table" };
            return Err(refusal(
                mention,
                format!("`{}` is a {kind} that [tenancy.tables] does not classify", mention.name),
                "say in manage.toml how its rows reach the account, or that it is global",
            ));
        }
        let lower = mention.name.to_ascii_lowercase();
        if map.engine == Engine::Sqlite && (lower.starts_with("sqlite_") || lower.starts_with("pragma_")) {
            return Err(refusal(
                mention,
                format!("`{}` is the database's own", mention.name),
                "a script that is about one account reads its tables",
            ));
        }
    }
    let named = |table: &&Table| read.names.iter().chain(&read.tables).any(|mention| map.same(&mention.name, &table.name));
    let readable = |table: &&Table| !table.paths.is_empty() || table.access == Some(Access::Global);
    Ok(map.tables.iter().filter(named).filter(readable).collect())
}

fn prefix(map: &Map, tables: &[&Table], site: bool, binds: &mut Binds, form: Form<'_>) -> String {
    let mut parts = Vec::new();
    for table in tables {
        let condition = if table.paths.is_empty() {
            String::new()
        } else {
            let account = binds.place("account");
            let account = form("account", account);
            let site = site.then(|| {
                let site = binds.place("site");
                form("site", site)
            });
            format!(" WHERE {}", map.owned(table, "t", &account, site.as_deref()))
        };
        // Like a view: the planner looks through it, whatever number of times it is read.
        parts.push(format!("{} AS NOT MATERIALIZED (SELECT t.* FROM {} AS t{condition})", quoted(&table.name), table.sql));
    }
    parts.join(",\n")
}

impl Map {
    /// The tables that have to be read for `tables`: themselves and those on their ways to the account.
    fn reach(&self, tables: &[&Table]) -> Readable {
        let mut reached = Readable::new();
        let mut open: Vec<&Table> = tables.to_vec();
        while let Some(table) = open.pop() {
            if reached.insert(table.name.clone(), table.view).is_none() {
                open.extend(table.paths.iter().filter_map(|path| match path {
                    super::map::Path::Via { table, .. } => Some(&self.tables[*table]),
                    super::map::Path::Column { .. } => None,
                }));
            }
        }
        reached
    }
}
