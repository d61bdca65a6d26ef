//! The schema and its parts.

use std::fmt;

use super::quote::quoted;
use crate::domain::engine::Engine;

/// Everything that a schema consists of, in the order of names. What belongs to an extension is left out, other
/// than its tables; bookkeeping tables are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The kind of database.
    pub engine: Engine,
    /// PostgreSQL: the schemas beside `public`.
    pub namespaces: Vec<String>,
    /// PostgreSQL: the installed extensions, with the schema that each is in.
    pub extensions: Vec<Name>,
    /// PostgreSQL: enums, domains, composite and range types.
    pub types: Vec<NamedType>,
    /// PostgreSQL: sequences, other than those of identity columns.
    pub sequences: Vec<Sequence>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Views, each after those it uses.
    pub views: Vec<View>,
    /// PostgreSQL: functions and procedures.
    pub functions: Vec<Function>,
    /// What is known by its name only: policies, rules, aggregates …
    pub others: Vec<Other>,
}

impl Schema {
    /// A schema without anything in it.
    pub fn empty(engine: Engine) -> Self {
        Self {
            engine,
            namespaces: Vec::new(),
            extensions: Vec::new(),
            types: Vec::new(),
            sequences: Vec::new(),
            tables: Vec::new(),
            views: Vec::new(),
            functions: Vec::new(),
            others: Vec::new(),
        }
    }
}

/// The name of an object. On SQLite it has no schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// PostgreSQL's schema.
    pub schema: Option<String>,
    /// The name itself.
    pub name: String,
}

impl Name {
    /// PostgreSQL's schema for what names none.
    pub const PUBLIC: &'static str = "public";

    /// The name as it must stand in a statement.
    pub fn sql(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(&self.name)),
            None => quoted(&self.name),
        }
    }
}

impl fmt::Display for Name {
    /// As people say it: without `public`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) if schema != Self::PUBLIC => write!(f, "{schema}.{}", self.name),
            _ => f.write_str(&self.name),
        }
    }
}

/// What kind of table it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableKind {
    /// An ordinary one.
    Ordinary,
    /// SQLite: made by a module, with its whole statement.
    Virtual(String),
    /// SQLite: made by a virtual table for itself.
    Shadow,
    /// PostgreSQL: partitioned, with `RANGE (taken)`.
    Partitioned(String),
    /// PostgreSQL: a partition, with its parent and `FOR VALUES …`; it may be partitioned itself.
    Partition {
        /// The partitioned table.
        of: Name,
        /// Its bound.
        bound: String,
        /// Its own partition key.
        by: Option<String>,
    },
    /// PostgreSQL: rows of another server.
    Foreign,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: TableKind,
    /// Its options: `WITHOUT ROWID`, `STRICT`, `UNLOGGED`, `fillfactor=70`.
    pub options: Vec<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in the key's order.
    pub primary_key: Vec<String>,
    /// Its constraints, the primary key and foreign keys among them.
    pub constraints: Vec<Constraint>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its indexes, other than those of constraints.
    pub indexes: Vec<Index>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
    /// Its comment.
    pub comment: Option<String>,
    /// PostgreSQL: the extension that it belongs to.
    pub extension: Option<String>,
    /// SQLite: its statement.
    pub text: Option<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as SQL writes it: `character varying(9)`; on SQLite as it was declared.
    pub type_text: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its default.
    pub default: Option<String>,
    /// What computes it.
    pub generated: Option<Generated>,
    /// `ALWAYS` or `BY DEFAULT` with the options of the sequence, for an identity column.
    pub identity: Option<String>,
    /// Its collation, where it is not its type's.
    pub collation: Option<String>,
    /// SQLite: a hidden column of a virtual table.
    pub hidden: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// PostgreSQL: the type behind the text.
    pub underlying: Option<UnderlyingType>,
}

/// How a column is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The expression.
    pub expression: String,
    /// Whether it is stored with the row.
    pub stored: bool,
}

/// The type of a column as PostgreSQL's `information_schema` sees it: the base type where it is a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderlyingType {
    /// The type's schema.
    pub schema: String,
    /// The type's own name: `int4`, `_text`.
    pub name: String,
    /// The domain's schema and name.
    pub domain: Option<(String, String)>,
    /// Whether the column or its domain takes NULL.
    pub nullable: bool,
    /// The length of `varchar(n)`, `char(n)`, `bit(n)`, `varbit(n)`.
    pub max_length: Option<u64>,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name; SQLite does not tell it.
    pub name: Option<String>,
    /// Its kind.
    pub kind: ConstraintKind,
    /// `PRIMARY KEY (id)`, `CHECK ((price > 0))`.
    pub definition: String,
}

/// Kinds of constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConstraintKind {
    /// `PRIMARY KEY`
    PrimaryKey,
    /// `UNIQUE`
    Unique,
    /// `CHECK`
    Check,
    /// `EXCLUDE`
    Exclude,
    /// `FOREIGN KEY`
    ForeignKey,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it points to; on SQLite as it was written.
    pub parent: Name,
    /// The columns that it points to. SQLite: empty where the primary key is meant.
    pub parent_columns: Vec<String>,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its statement.
    pub definition: String,
    /// PostgreSQL: whether an interrupted build left it, so that it is not in use.
    pub invalid: bool,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its statement.
    pub definition: String,
    /// PostgreSQL: `DISABLE`, `ENABLE ALWAYS`, `ENABLE REPLICA`, where it is not simply enabled.
    pub state: Option<&'static str>,
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// Whether its rows are kept.
    pub materialized: bool,
    /// PostgreSQL: its query. SQLite: its statement.
    pub definition: String,
    /// PostgreSQL: its options: `security_barrier=true`.
    pub options: Vec<String>,
    /// PostgreSQL: indexes of a materialized view.
    pub indexes: Vec<Index>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
    /// Its comment.
    pub comment: Option<String>,
}

/// A type of the project's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedType {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub definition: TypeDefinition,
    /// The catalogue's number, which is higher than those of the types and functions that it uses.
    pub number: i64,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeDefinition {
    /// `ENUM ('sad', 'ok')`
    Enum(String),
    /// `text DEFAULT 'x' NOT NULL CONSTRAINT c CHECK (…)`
    Domain(String),
    /// `(x real, y real)`
    Composite(String),
    /// `RANGE (subtype = …)`
    Range(String),
}

impl TypeDefinition {
    /// The definition's text.
    pub fn text(&self) -> &str {
        match self {
            Self::Enum(text) | Self::Domain(text) | Self::Composite(text) | Self::Range(text) => text,
        }
    }
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Its name.
    pub name: Name,
    /// `AS bigint START WITH 1 …`
    pub definition: String,
    /// The column that it goes with.
    pub owned_by: Option<(Name, String)>,
}

/// A function or procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// The types of its arguments.
    pub arguments: String,
    /// Its statement.
    pub definition: String,
    /// What has to be there before it.
    pub needs: Needs,
    /// The catalogue's number, which is higher than those of the types and functions that it uses.
    pub number: i64,
}

/// What a function's signature or parsed body names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Types and functions at most.
    Types,
    /// Tables.
    Tables,
    /// Views.
    Views,
}

/// Something that is known by its name only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// `policy`, `rule`, `aggregate` …
    pub kind: String,
    /// Its name, with the table's where it belongs to one.
    pub name: String,
    /// What is known of its definition.
    pub definition: String,
}
