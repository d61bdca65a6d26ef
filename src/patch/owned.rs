//! Whose the rows are: before they are written, and after.

use super::error::PatchError;
use super::job::{Confinement, Job, PartJob};
use crate::backend::patching::{Image, Target, TargetColumn};
use crate::backend::{Basic, Session, SqlErrorKind};
use crate::domain::engine::Engine;
use crate::domain::schema::{quoted, quoted_text};
use crate::domain::value::Value;
use crate::project::scripts::Op;
use crate::project::tenancy::Access;
use crate::tenancy::{Map, Path, Table};

/// The places of account and site in a statement that has `before` other parameters, and their values.
pub(super) struct Places {
    account: String,
    site: Option<String>,
    binds: Vec<Value>,
}

impl Places {
    pub(super) fn behind(before: usize, confinement: &Confinement<'_>) -> Self {
        let map = confinement.map;
        let place = |number: usize, of_sites: bool| match map.engine {
            Engine::Sqlite => format!("?{number}"),
            Engine::Postgres => match map.key_type(of_sites) {
                Some(kind) => format!("${number}::{kind}"),
                None => format!("${number}"),
            },
        };
        let mut binds = vec![confinement.account.key.clone()];
        binds.extend(confinement.site.map(|site| site.key.clone()));
        Self { account: place(before + 1, false), site: confinement.site.map(|_| place(before + 2, true)), binds }
    }

    /// The values that `sql` has places for: not every table knows a site.
    pub(super) fn values(&self, sql: &str) -> Vec<Value> {
        let has = |place: &String| {
            sql.match_indices(place.as_str()).any(|(at, _)| !sql[at + place.len()..].starts_with(|c: char| c.is_ascii_digit()))
        };
        let places = std::iter::once(&self.account).chain(&self.site);
        places.zip(&self.binds).filter(|(place, _)| has(place)).map(|(_, value)| value.clone()).collect()
    }

    /// The same without parameters; `None` where a key is neither number nor text.
    pub(super) fn spelled(confinement: &Confinement<'_>) -> Option<Self> {
        let map = confinement.map;
        let spelled = |value: &Value, of_sites: bool| {
            let text = match value {
                Value::Integer(number) => number.to_string(),
                Value::Text(text) if !text.contains('\0') => quoted_text(text),
                _ => return None,
            };
            Some(match (map.engine, map.key_type(of_sites)) {
                (Engine::Postgres, Some(kind)) => format!("{text}::{kind}"),
                _ => text,
            })
        };
        let site = match confinement.site {
            Some(site) => Some(spelled(&site.key, true)?),
            None => None,
        };
        Some(Self { account: spelled(&confinement.account.key, false)?, site, binds: Vec::new() })
    }

    /// The condition under which the row called `alias` belongs to the account.
    pub(super) fn owned(&self, map: &Map, table: &Table, alias: &str) -> String {
        map.owned(table, alias, &self.account, self.site.as_deref())
    }
}

/// Whether a patch may write the table at all; gives it as the map has it.
///
/// # Errors
/// When the map forbids it, or does not know it.
pub(super) fn writable<'m>(map: &'m Map, name: &str, confined: bool) -> Result<&'m Table, PatchError> {
    let bare = name.rsplit('.').next().unwrap_or(name);
    let found = map.tables.iter().find(|table| table.sql == name).or_else(|| map.find(bare));
    let Some(table) = found else {
        return Err(PatchError::refused(
            format!("`{name}` is a table that [tenancy.tables] does not classify"),
            "say in manage.toml how its rows reach the account",
        ));
    };
    match table.access {
        Some(Access::Never) => Err(PatchError::refused(
            format!("`{name}` is a table that no patch may write"),
            "manage.toml says so: access = \"never\"",
        )),
        Some(Access::Global) => Err(PatchError::refused(
            format!("`{name}` belongs to no account, and no patch may write it"),
            "a migration changes it: manage new migration",
        )),
        None if confined && table.paths.is_empty() => Err(PatchError::refused(
            format!("nothing says whose the rows of `{name}` are"),
            "give it a path to the account: account = \"account_id\"",
        )),
        None => Ok(table),
    }
}

/// The row to which a run is confined is not deleted by it: nobody could be named in an undo.
///
/// # Errors
/// When it would be.
pub(super) fn stays_there(part: &PartJob, confinement: &Confinement<'_>, table: &Table) -> Result<(), PatchError> {
    let map = confinement.map;
    let root = |root: &Table, given: bool| given && root.sql == table.sql;
    let site = map.site_table().is_some_and(|of| root(of, confinement.site.is_some()));
    if part.op == Op::Delete && (site || root(map.account_table(), true)) {
        return Err(PatchError::refused(
            format!("a patch for one {} does not delete it", if site { "site" } else { "account" }),
            "delete what belongs to it by patches, and itself by a migration, which has a way back",
        ));
    }
    Ok(())
}

/// Each row goes one way: what a way leads through must be named by one row, under the collation of bytes.
///
/// # Errors
/// When a row could belong to two accounts by one of its ways.
pub(super) fn one_way_each(map: &Map, table: &Table, session: &mut Session) -> Result<(), PatchError> {
    let mut open = vec![table];
    let mut seen: Vec<(String, String)> = Vec::new();
    while let Some(at) = open.pop() {
        for (column, parent, key) in pointing(at, map) {
            let step = (parent.sql.clone(), key.to_owned());
            if seen.contains(&step) {
                continue;
            }
            seen.push(step);
            open.push(parent);
            let of = session.patch_target(&parent.sql)?;
            let binary = |collations: &[Option<String>]| {
                collations.iter().flatten().all(|collation| collation.eq_ignore_ascii_case("binary"))
            };
            let sure = of.as_ref().is_some_and(|of| {
                of.keys
                    .iter()
                    .any(|unique| unique.columns.len() == 1 && map.same(&unique.columns[0], key) && binary(&unique.collations))
            });
            if !sure {
                return Err(PatchError::refused(
                    format!(
                        "`{}` reaches its account by {column} -> {}.{key}, and nothing makes {key} unique there: a row could \
                         be of two accounts",
                        at.name, parent.name
                    ),
                    format!("a unique index on {} ({key}) by a migration, or another way in manage.toml", parent.name),
                ));
            }
        }
    }
    Ok(())
}

/// The columns of the target that decide whose a row is, with the table to which each points.
fn pointing<'m>(table: &'m Table, map: &'m Map) -> impl Iterator<Item = (&'m str, &'m Table, &'m str)> {
    table.paths.iter().filter_map(move |path| match path {
        Path::Via { column, table, key } => Some((column.as_str(), &map.tables[*table], key.as_str())),
        Path::Column { .. } => None,
    })
}

/// Keeps the rows on the ways to the account as they are until the transaction ends.
///
/// # Errors
/// When this role may not lock them, or somebody changes them now.
pub(super) fn lock_parents(
    confinement: &Confinement<'_>,
    table: &Table,
    image: &Image,
    session: &mut Session,
) -> Result<(), PatchError> {
    if session.engine() == Engine::Sqlite {
        // The transaction holds the write lock of the whole file.
        return Ok(());
    }
    let rows = format!("SELECT t.{{}} FROM {} AS i JOIN {} AS t ON {}", image.table, image.target_sql, image.joined("t", "i"));
    lock_above(confinement.map, table, &rows, 0, session)
}

/// The same for rows that are gone: `rows` is what can stand in a FROM.
///
/// # Errors
/// As [`lock_parents`].
pub(super) fn lock_parents_of_gone(
    confinement: &Confinement<'_>,
    table: &Table,
    rows: &str,
    session: &mut Session,
) -> Result<(), PatchError> {
    if session.engine() == Engine::Sqlite {
        return Ok(());
    }
    lock_above(confinement.map, table, &format!("SELECT t.{{}} FROM {rows} AS t"), 0, session)
}

fn lock_above(map: &Map, table: &Table, rows: &str, depth: usize, session: &mut Session) -> Result<(), PatchError> {
    for (column, parent, key) in pointing(table, map) {
        if parent.view || depth > map.tables.len() {
            continue;
        }
        let of = rows.replacen("{}", &quoted(column), 1);
        let alias = format!("r{depth}");
        let condition = format!("{alias}.{} IN ({of})", quoted(key));
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM (SELECT 1 FROM {} AS {alias} WHERE {condition} FOR SHARE OF {alias}) AS l",
            parent.sql
        );
        session.query(&sql, &[]).map_err(|error| {
            let mut told = PatchError::sql(&error, "the rows that say whose these are cannot be kept as they are", false);
            if error.kind == SqlErrorKind::Permission {
                told.hint =
                    Some(format!("GRANT SELECT, UPDATE ON {} TO the role that connects: to lock rows takes both", parent.sql));
            }
            told
        })?;
        let above = format!("SELECT {alias}.{{}} FROM {} AS {alias} WHERE {condition}", parent.sql);
        lock_above(map, parent, &above, depth + 1, session)?;
    }
    Ok(())
}

/// Whether the patch writes a column that decides whose a row is, or one from which the database may compute it.
pub(super) fn moves(table: &Table, target: &Target, image: &Image) -> bool {
    let decides = |column: &TargetColumn| {
        table.site.as_ref() == Some(&column.name)
            || table.paths.iter().any(|path| match path {
                Path::Column { name, .. } => *name == column.name,
                Path::Via { column: own, .. } => *own == column.name,
            })
    };
    image.planned.iter().any(decides) || target.columns.iter().any(|column| column.generated && decides(column))
}

/// Whether a way to the account leads through the table itself.
fn through_itself(table: &Table, map: &Map) -> bool {
    let mut open = vec![table];
    let mut seen = 0;
    while let Some(at) = open.pop() {
        for (_, parent, _) in pointing(at, map) {
            if parent.sql == table.sql {
                return true;
            }
            seen += 1;
            if seen < 1000 {
                open.push(parent);
            }
        }
    }
    false
}

/// After the write: the rows still belong to the account, and what they point to does.
///
/// # Errors
/// When one does not.
pub(super) fn still_owned(
    job: &Job<'_>,
    part: &PartJob,
    table: &Table,
    target: &Target,
    image: &Image,
    session: &mut Session,
) -> Result<(), PatchError> {
    let Some(confinement) = &job.confined else { return Ok(()) };
    if part.op == Op::Delete {
        return Ok(());
    }
    let map = confinement.map;
    let places = Places::behind(0, confinement);
    let may_have_moved =
        part.op == Op::Insert || moves(table, target, image) || !target.triggers.is_empty() || through_itself(table, map);
    if may_have_moved {
        let sql = image.count_foreign(&places.owned(map, table, "t"));
        let outside = number(session, &sql, &places.values(&sql))?;
        if outside > 0 {
            let rows = if outside == 1 { "1 row".to_owned() } else { format!("{outside} rows") };
            return Err(PatchError::refused(
                format!(
                    "{rows} of {} would not belong to {} afterwards; all of it was rolled back",
                    target.name, confinement.account
                ),
                "every column that leads to an account must lead to this one",
            )
            .started());
        }
        lock_parents(confinement, table, image, session)?;
    }
    // What stood in the row before the run stands there again, also where the run had mended it.
    if job.run.undo_of.is_some() {
        return Ok(());
    }
    let written = |columns: &[TargetColumn]| {
        let planned = |column: &TargetColumn| image.planned.iter().any(|own| own.number == column.number);
        // What the script does not name comes from a default, a generated column or a trigger.
        if part.op == Op::Insert || columns.iter().any(|column| column.generated || planned(column)) {
            return Some(image.clone());
        }
        (!target.triggers.is_empty()).then(|| image.changed_in(columns, map.engine))
    };
    point_inside(confinement, table, target, &written, session)
}

/// What a row points to must be the account's, or nobody's. `rows` gives the rows that have got new values in these
/// columns, if there are any.
///
/// # Errors
/// When one points elsewhere.
pub(super) fn point_inside(
    confinement: &Confinement<'_>,
    table: &Table,
    target: &Target,
    rows: &dyn Fn(&[TargetColumn]) -> Option<Image>,
    session: &mut Session,
) -> Result<(), PatchError> {
    let map = confinement.map;
    let places = Places::behind(0, confinement);
    let columns_of = |names: &[String]| -> Option<Vec<TargetColumn>> {
        names.iter().map(|name| target.column(name, map.engine == Engine::Sqlite).cloned()).collect()
    };
    let mut links: Vec<(Vec<String>, String, Vec<String>)> = target
        .foreign
        .iter()
        .map(|foreign| (foreign.columns.clone(), foreign.parent.clone(), foreign.parent_columns.clone()))
        .collect();
    links.extend(
        pointing(table, map).map(|(column, parent, key)| (vec![column.to_owned()], parent.sql.clone(), vec![key.to_owned()])),
    );
    for (columns, parent, keys) in links {
        let Some(own) = columns_of(&columns) else {
            return Err(PatchError::new(
                crate::domain::explain::Class::CouldNotRun,
                format!("the columns ({}) of {} cannot be read", columns.join(", "), target.name),
                "",
            )
            .started());
        };
        let Some(image) = rows(&own) else { continue };
        let known = map.tables.iter().find(|table| map.same(&table.sql, &parent));
        let Some(known) = known else {
            return Err(PatchError::refused(
                format!(
                    "`{}` of {} points to {parent}, which [tenancy.tables] does not classify",
                    columns.join(", "),
                    target.name
                ),
                "say in manage.toml how its rows reach the account, or that it is global",
            )
            .started());
        };
        if known.access == Some(Access::Global) && known.paths.is_empty() {
            continue;
        }
        if known.paths.is_empty() {
            return Err(PatchError::refused(
                format!(
                    "`{}` of {} points to {}, and nothing says whose the rows there are",
                    columns.join(", "),
                    target.name,
                    known.name
                ),
                "say in manage.toml how its rows reach the account, or that it is global",
            )
            .started());
        }
        let owned = places.owned(map, known, "r");
        let sql = image.count_dangling(&own, &known.sql, &keys, Some(&owned));
        let outside = number(session, &sql, &places.values(&sql))?;
        if outside > 0 {
            let rows = if outside == 1 { "1 row".to_owned() } else { format!("{outside} rows") };
            return Err(PatchError::refused(
                format!(
                    "{rows} of {} would point to rows of {} that are not of {}; all of it was rolled back",
                    target.name, known.name, confinement.account
                ),
                format!("`{}` must point into the account", columns.join(", ")),
            )
            .started());
        }
    }
    Ok(())
}

/// The one number that a query gives.
///
/// # Errors
/// What the database refuses. No number is not 0.
pub(super) fn number(session: &mut Session, sql: &str, binds: &[Value]) -> Result<u64, PatchError> {
    let rows = session.query(sql, binds)?;
    let number = rows.first().and_then(|row| row.integer(0)).and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| {
        PatchError::new(crate::domain::explain::Class::CouldNotRun, "the database gives no count", "run it again with -v")
    })
}
