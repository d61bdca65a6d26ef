//! The tables of the target: how their columns are written, compared and kept, as SQL.

use super::wire::Wire;
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::postgres::session::PostgresSession;
use crate::domain::schema::{escaped_text, quoted};
use crate::domain::transfer::{Literal, TablePlan};

/// A column of the target.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name, quoted.
    pub(super) name: String,
    pub(super) wire: Wire,
    /// Its type without length, as a cast names it; of a domain the type behind it.
    pub(super) kind: String,
    /// Whether only the database may give it a value later: an identity that is generated always.
    pub(super) always: bool,
}

/// A table of the target.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Its name as it must stand in a statement.
    pub(super) name: String,
    /// The columns that the plan fills, in its order.
    pub(super) columns: Vec<Column>,
    /// The columns of its key; `ctid` where it has none.
    pub(super) key: Vec<Column>,
    /// Whether it is an ordinary table, whose indexes can be taken away and made anew.
    pub(super) ordinary: bool,
}

impl Target {
    pub(super) fn look(session: &mut PostgresSession, plan: &TablePlan) -> Result<Self, SqlError> {
        let name = super::name(session, &plan.to)?;
        let rows = session
            .query("SELECT relkind::text FROM pg_catalog.pg_class WHERE oid = $1::text::regclass", &[name.as_str().into()])?;
        let ordinary = rows.first().and_then(|row| row.text(0)) == Some("r");
        let filled: Vec<&str> = plan.columns.iter().map(|column| column.to.as_str()).collect();
        let key: Vec<&str> = plan.target_key.iter().map(String::as_str).collect();
        let columns = columns(session, &name, &filled)?;
        let key = if key.is_empty() {
            vec![Column { name: "ctid".to_owned(), wire: Wire::Cast, kind: "tid".to_owned(), always: false }]
        } else {
            self::columns(session, &name, &key)?
        };
        Ok(Self { name, columns, key, ordinary })
    }

    /// What tells rows of the target from one another, packed.
    pub(super) fn packed_key(&self, row: &str) -> String {
        packed(self.key.iter().map(|column| (column.wire, format!("{row}.{}", column.name))))
    }
}

fn columns(session: &mut PostgresSession, table: &str, names: &[&str]) -> Result<Vec<Column>, SqlError> {
    let list: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    let asked = format!("SELECT {} FROM {table}", list.join(", "));
    let types = session.raw(|client| {
        let statement = client.prepare(&asked)?;
        Ok(statement.columns().iter().map(|column| column.type_().clone()).collect::<Vec<_>>())
    })?;
    let sql = "SELECT a.attname::text, CASE coalesce(nullif(t.typbasetype, 0), t.oid) WHEN 'bpchar'::regtype THEN 'bpchar' ELSE pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) END, \
               pg_catalog.format_type(a.atttypid, a.atttypmod), (a.attidentity = 'a')::integer \
               FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
               WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped";
    let kinds = session.query(sql, &[table.into()])?;
    names
        .iter()
        .zip(list)
        .zip(types)
        .map(|((name, quoted), kind)| {
            let wire = Wire::of(&kind);
            // What the target reads from a text takes its length from there; any other value was judged by its length.
            let which = if matches!(wire, Wire::Cast | Wire::Numeric) { 2 } else { 1 };
            let row = kinds.iter().find(|row| row.text(0) == Some(name));
            let always = row.and_then(|row| row.integer(3)) == Some(1);
            let found = row.and_then(|row| row.text(which));
            let found = found.ok_or_else(|| SqlError::new(SqlErrorKind::Other, format!("{table} has no column {quoted}")))?;
            Ok(Column { name: quoted, wire, kind: found.to_owned(), always })
        })
        .collect()
}

impl Column {
    /// A staged value as the column takes it.
    pub(super) fn as_staged(&self, value: &str) -> String {
        if self.wire.staged() == self.kind || (self.wire == Wire::Text && self.kind == "character varying") {
            value.to_owned()
        } else {
            format!("{value}::{}", self.kind)
        }
    }

    /// What two values of the column are compared by: not every type has an equality, and not every equal value is the same.
    pub(super) fn compared(&self, value: &str) -> String {
        match self.wire {
            Wire::Json | Wire::Cast | Wire::Numeric | Wire::Float4 | Wire::Float8 => format!("({value})::text"),
            _ => value.to_owned(),
        }
    }
}

/// The canonical text of a row: the same that `domain::transfer` makes of it.
pub(super) fn canonical(columns: impl Iterator<Item = (Wire, String)>) -> String {
    let fields: Vec<_> = columns.map(|(wire, value)| canonical_or_null(wire, &value)).collect();
    if fields.is_empty() { "''".to_owned() } else { fields.join(" || E'\\x1f' || ") }
}

/// The canonical text of one value, NULL among them.
pub(super) fn canonical_or_null(wire: Wire, value: &str) -> String {
    format!("coalesce({}, E'\\x1e')", canonical_field(wire, value))
}

/// The canonical text of one value.
pub(super) fn canonical_field(wire: Wire, value: &str) -> String {
    let counted = |text: String| format!("pg_catalog.octet_length({text}) || ':' || {text}");
    match wire {
        Wire::Bool => format!("{value}::integer::text"),
        Wire::Int2 | Wire::Int4 | Wire::Int8 => format!("{value}::text"),
        Wire::Float4 | Wire::Float8 => format!(
            "CASE WHEN {value} = 0 THEN '0000000000000000' WHEN {value} = 'NaN' THEN '7ff8000000000000' \
             ELSE pg_catalog.encode(pg_catalog.float8send({value}::double precision), 'hex') END"
        ),
        Wire::Numeric => format!("pg_catalog.trim_scale({value})::text"),
        Wire::Bytea => format!("'x' || pg_catalog.encode({value}, 'hex')"),
        Wire::Date => format!("pg_catalog.encode(pg_catalog.timestamp_send({value}::timestamp), 'hex')"),
        Wire::Timestamp => format!("pg_catalog.encode(pg_catalog.timestamp_send({value}), 'hex')"),
        Wire::TimestampTz => format!("pg_catalog.encode(pg_catalog.timestamptz_send({value}), 'hex')"),
        // Asked once: it is dear, and says itself where it ends.
        Wire::Json => format!("{value}::jsonb::text"),
        Wire::Jsonb => format!("({value})::text"),
        Wire::Text if !value.contains('(') => counted(format!("{value}::text")),
        Wire::Text | Wire::Uuid | Wire::Cast => counted(format!("({value})::text")),
    }
}

/// Values packed as `domain::transfer::pack` does it.
pub(super) fn packed(values: impl Iterator<Item = (Wire, String)>) -> String {
    let one = |(wire, value): (Wire, String)| {
        let text = match wire {
            Wire::Bool => format!("'i' || ({value})::integer"),
            Wire::Int2 | Wire::Int4 | Wire::Int8 => format!("'i' || ({value})"),
            Wire::Float4 | Wire::Float8 => {
                format!("'r' || pg_catalog.encode(pg_catalog.float8send(({value})::double precision), 'hex')")
            }
            Wire::Bytea => format!("'b' || pg_catalog.encode({value}, 'hex')"),
            Wire::TimestampTz => format!("'t' || (({value}) AT TIME ZONE 'UTC')::text || '+00'"),
            _ => format!("'t' || replace(replace(replace(({value})::text, '\\', '\\\\'), E'\\n', '\\n'), E'\\x1f', '\\_')"),
        };
        format!("coalesce({text}, 'n')")
    };
    values.map(one).collect::<Vec<_>>().join(" || E'\\n' || ")
}

/// A value that the mapping gives.
pub(super) fn literal(literal: &Literal, now: &str) -> String {
    match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Real(value) => format!("{value:e}"),
        Literal::Text(value) => escaped_text(value),
        Literal::Now => escaped_text(now),
    }
}
