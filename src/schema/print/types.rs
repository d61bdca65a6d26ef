//! Diesel's types for SQL types.

use heck::ToUpperCamelCase;

use crate::domain::schema::{Column, Name};
use crate::project::PrintSchema;

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnType {
    /// PostgreSQL: its schema, where it is not `public`.
    pub(super) schema: Option<String>,
    pub(super) sql: String,
    pub(super) rust: String,
    pub(super) array: bool,
    pub(super) nullable: bool,
    pub(super) max_length: Option<u64>,
}

impl ColumnType {
    /// `Nullable<Array<Nullable<Text>>>`
    pub(super) fn text(&self) -> String {
        let inner = if self.array { format!("Array<Nullable<{}>>", self.rust) } else { self.rust.clone() };
        if self.nullable { format!("Nullable<{inner}>") } else { inner }
    }

    /// Whether diesel has to be told of the type.
    pub(super) fn needs_definition(&self, settings: &PrintSchema) -> bool {
        settings.generate_missing_sql_type_definitions.unwrap_or(true)
            && !KNOWN.contains(&self.rust.as_str())
            && !settings.except_custom_type_definitions.iter().any(|pattern| pattern.is_in(&self.rust))
    }
}

/// The types that Diesel has for PostgreSQL, under all of their names.
const KNOWN: &[&str] = &[
    "Bool",
    "Integer",
    "SmallInt",
    "BigInt",
    "Binary",
    "Text",
    "Double",
    "Float",
    "Numeric",
    "Timestamp",
    "Date",
    "Time",
    "Float4",
    "Smallint",
    "Int2",
    "Int4",
    "Int8",
    "Bigint",
    "Float8",
    "Decimal",
    "VarChar",
    "Varchar",
    "Char",
    "Tinytext",
    "Mediumtext",
    "Longtext",
    "Tinyblob",
    "Blob",
    "Mediumblob",
    "Longblob",
    "Varbinary",
    "Bit",
    "Cidr",
    "Citext",
    "Inet",
    "Jsonb",
    "MacAddr",
    "MacAddr8",
    "Money",
    "Oid",
    "Range",
    "Timestamptz",
    "Uuid",
    "Json",
    "PgLsn",
    "Record",
    "Interval",
    "Int4range",
    "Int8range",
    "Daterange",
    "Numrange",
    "Tsrange",
    "Tstzrange",
    "Int4multirange",
    "Int8multirange",
    "Datemultirange",
    "Nummultirange",
    "Tsmultirange",
    "Tstzmultirange",
    "SmallSerial",
    "BigSerial",
    "Serial",
    "Bytea",
    "Bpchar",
    "Macaddr",
    "Macaddr8",
];

/// The type of a column on PostgreSQL.
pub(super) fn on_postgres(column: &Column, settings: &PrintSchema) -> Option<ColumnType> {
    let under = column.underlying.as_ref()?;
    let own = under.domain.as_ref().filter(|(_, name)| settings.pg_domains_as_custom_types.iter().any(|known| known.is_in(name)));
    let (schema, name) = own.map_or((&under.schema, &under.name), |(schema, name)| (schema, name));
    let element = name.strip_prefix('_');
    let sql = element.unwrap_or(name);
    Some(ColumnType {
        schema: Some(schema.clone()).filter(|schema| schema != Name::PUBLIC),
        rust: sql.to_upper_camel_case(),
        sql: sql.to_owned(),
        array: element.is_some(),
        nullable: under.nullable,
        max_length: under.max_length,
    })
}

/// The type of a column on SQLite, `None` where Diesel knows none. `row_id` says whether the column is the row's id
/// or points to one.
pub(super) fn on_sqlite(column: &Column, row_id: impl FnOnce() -> bool) -> Option<ColumnType> {
    let declared = column.type_text.to_lowercase();
    // A computed column without a type.
    let declared = if declared == "generated always" { "" } else { &declared };
    let has = |part: &str| declared.contains(part);
    let rust = if matches!(declared, "boolean" | "bool") || has("tiny") && has("int") {
        "Bool"
    } else if declared == "int2" || has("small") && has("int") {
        "SmallInt"
    } else if declared == "int8" || has("big") && has("int") {
        "BigInt"
    } else if has("int") {
        if row_id() { "BigInt" } else { "Integer" }
    } else if has("char") || has("clob") || has("text") {
        "Text"
    } else if has("blob") || has("binary") || declared.is_empty() {
        "Binary"
    } else if has("float") || has("real") {
        "Float"
    } else if has("double") || has("num") || has("dec") {
        "Double"
    } else {
        match declared {
            "datetime" | "timestamp" => "Timestamp",
            "date" => "Date",
            "time" => "Time",
            _ => return None,
        }
    };
    Some(ColumnType {
        schema: None,
        sql: rust.to_owned(),
        rust: rust.to_owned(),
        array: false,
        nullable: column.nullable,
        max_length: None,
    })
}
