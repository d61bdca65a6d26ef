//! A schema as a list of objects with their traits.

use std::collections::BTreeMap;

use crate::domain::engine::Engine;
use crate::domain::schema::{Column, Constraint, ConstraintKind, Index, Name, Schema, Table, TableKind, Trigger, View, spelling};

/// By what objects are matched and sorted: tables first, each with what belongs to it.
pub(super) type Key = (u8, String, u8, String);

/// Something that can differ as a whole or in its traits.
pub(super) struct Object {
    /// `column users.email`
    pub(super) title: String,
    /// What it belongs to.
    pub(super) parent: Option<Key>,
    /// The same ones in the same order for all objects of a kind.
    pub(super) traits: Vec<(&'static str, Trait)>,
}

/// A trait of an object.
pub(super) enum Trait {
    /// A text, or nothing.
    Text(Option<String>),
    /// A text with the spelling in which it is compared.
    Spelled(String, String),
    /// Names in an order.
    Order(Vec<String>),
}

impl Trait {
    /// As it is shown.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Spelled(text, _) => Some(text.clone()),
            Self::Order(_) => None,
        }
    }

    /// As it is compared.
    pub(super) fn spelling(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.as_deref(),
            Self::Spelled(_, spelling) => Some(spelling),
            Self::Order(_) => None,
        }
    }
}

/// All objects of a schema.
pub(super) fn objects(schema: &Schema) -> BTreeMap<Key, Object> {
    let mut list = List { engine: schema.engine, objects: BTreeMap::new() };
    for table in schema.tables.iter().filter(|table| table.extension.is_none() && table.kind != TableKind::Shadow) {
        list.table(table);
    }
    for view in &schema.views {
        list.view(view);
    }
    for name in &schema.namespaces {
        list.plain("schema", name, Vec::new());
    }
    for extension in &schema.extensions {
        list.plain("extension", &extension.name, vec![("schema", Trait::Text(extension.schema.clone()))]);
    }
    for own in &schema.types {
        list.plain("type", &own.name.to_string(), vec![("definition", list.definition(own.definition.text()))]);
    }
    for sequence in &schema.sequences {
        let owner = sequence.owned_by.as_ref().map(|(table, column)| format!("{table}.{column}"));
        let traits = vec![("definition", said(&sequence.definition)), ("owner", Trait::Text(owner))];
        list.plain("sequence", &sequence.name.to_string(), traits);
    }
    for function in &schema.functions {
        let name = format!("{}({})", function.name, function.arguments);
        list.plain("function", &name, vec![("definition", list.definition(&function.definition))]);
    }
    for other in &schema.others {
        list.plain(&other.kind, &other.name, vec![("definition", list.definition(&other.definition))]);
    }
    list.objects
}

/// A schema as lines of text, for comparing it with itself before and after: a line a trait, the same on both
/// sides if and only if the trait is. `order t: a, b` is the order of a table's columns.
pub fn described(schema: &Schema) -> Vec<String> {
    let mut lines = Vec::new();
    for object in objects(schema).into_values() {
        lines.push(object.title.clone());
        for (name, value) in &object.traits {
            match value {
                Trait::Order(names) => lines.push(format!("order {}: {}", object.title, names.join(", "))),
                value => lines.extend(value.spelling().map(|text| format!("{}: {name} {text}", object.title))),
            }
        }
    }
    lines
}

struct List {
    engine: Engine,
    objects: BTreeMap<Key, Object>,
}

impl List {
    fn plain(&mut self, kind: &str, name: &str, traits: Vec<(&'static str, Trait)>) {
        let title = format!("{kind} {name}");
        self.objects.insert((2, title.clone(), 0, String::new()), Object { title, parent: None, traits });
    }

    fn table(&mut self, table: &Table) {
        let key = (0, table.name.to_string(), 0, String::new());
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let kind = match &table.kind {
            TableKind::Virtual(text) => self.definition(text),
            kind => said(&kind_in_words(kind)),
        };
        let mut options = table.options.clone();
        options.sort();
        let traits = vec![
            ("kind", kind),
            ("options", listed(&options)),
            ("comment", Trait::Text(table.comment.clone())),
            ("order of columns", Trait::Order(columns)),
        ];
        self.objects.insert(key.clone(), Object { title: format!("table {}", table.name), parent: None, traits });
        for column in &table.columns {
            self.part(&key, 1, "column", &format!("{}.{}", table.name, column.name), self.column(column));
        }
        for constraint in &table.constraints {
            self.constraint(&key, &table.name, constraint);
        }
        self.indexes(&key, &table.name, &table.indexes);
        self.triggers(&key, &table.name, &table.triggers);
    }

    fn view(&mut self, view: &View) {
        let key = (1, view.name.to_string(), 0, String::new());
        let kind = if view.materialized { "materialized" } else { "plain" };
        let traits = vec![
            ("definition", self.definition(&view.definition)),
            ("kind", said(kind)),
            ("options", listed(&view.options)),
            ("comment", Trait::Text(view.comment.clone())),
        ];
        self.objects.insert(key.clone(), Object { title: format!("view {}", view.name), parent: None, traits });
        self.indexes(&key, &view.name, &view.indexes);
        self.triggers(&key, &view.name, &view.triggers);
    }

    fn part(&mut self, parent: &Key, rank: u8, kind: &str, name: &str, traits: Vec<(&'static str, Trait)>) {
        let title = format!("{kind} {name}");
        let key = (parent.0, parent.1.clone(), rank, name.to_owned());
        self.objects.insert(key, Object { title, parent: Some(parent.clone()), traits });
    }

    fn column(&self, column: &Column) -> Vec<(&'static str, Trait)> {
        let generated = column.generated.as_ref();
        let kept = |stored: bool| if stored { "stored" } else { "virtual" };
        vec![
            ("type", self.word(&column.type_text)),
            ("null", said(if column.nullable { "allowed" } else { "forbidden" })),
            ("default", column.default.as_deref().map_or(Trait::Text(None), |default| self.definition(default))),
            ("expression", generated.map_or(Trait::Text(None), |generated| self.definition(&generated.expression))),
            ("storage", Trait::Text(generated.map(|generated| kept(generated.stored).to_owned()))),
            ("identity", Trait::Text(column.identity.clone())),
            ("collation", Trait::Text(column.collation.clone())),
            ("comment", Trait::Text(column.comment.clone())),
        ]
    }

    /// PostgreSQL's constraints have names; on SQLite they are what they say.
    fn constraint(&mut self, table_key: &Key, table: &Name, constraint: &Constraint) {
        let kind = match constraint.kind {
            ConstraintKind::PrimaryKey => "primary key",
            ConstraintKind::ForeignKey => "foreign key",
            ConstraintKind::Check => "check",
            ConstraintKind::Unique => "unique constraint",
            ConstraintKind::Exclude => "exclusion constraint",
        };
        match &constraint.name {
            Some(name) => {
                let traits = vec![("definition", self.definition(&constraint.definition))];
                self.part(table_key, 2, kind, &format!("{table}.{name}"), traits);
            }
            None => {
                let key = (table_key.0, table_key.1.clone(), 2, spelling::of_sqlite(&constraint.definition));
                let title = format!("{kind} of {table}: {}", constraint.definition);
                self.objects.insert(key, Object { title, parent: Some(table_key.clone()), traits: Vec::new() });
            }
        }
    }

    fn indexes(&mut self, key: &Key, table: &Name, indexes: &[Index]) {
        for index in indexes {
            let name = Name { schema: table.schema.clone(), name: index.name.clone() };
            let state = if index.invalid { "INVALID" } else { "valid" };
            let traits = vec![("definition", self.definition(&index.definition)), ("state", said(state))];
            self.part(key, 3, "index", &name.to_string(), traits);
        }
    }

    fn triggers(&mut self, key: &Key, table: &Name, triggers: &[Trigger]) {
        for trigger in triggers {
            let traits =
                vec![("definition", self.definition(&trigger.definition)), ("state", said(trigger.state.unwrap_or("ENABLE")))];
            self.part(key, 4, "trigger", &format!("{table}.{}", trigger.name), traits);
        }
    }

    /// A text of SQL, which the database may spell in several ways.
    fn definition(&self, text: &str) -> Trait {
        match self.engine {
            Engine::Sqlite => Trait::Spelled(text.to_owned(), spelling::of_sqlite(text)),
            Engine::Postgres => Trait::Spelled(text.to_owned(), spelling::of_postgres(text)),
        }
    }

    /// A type, which SQLite keeps in the case in which it was typed.
    fn word(&self, text: &str) -> Trait {
        Trait::Spelled(text.to_owned(), text.to_lowercase())
    }
}

fn said(text: &str) -> Trait {
    Trait::Text(Some(text.to_owned()))
}

fn listed(options: &[String]) -> Trait {
    Trait::Text((!options.is_empty()).then(|| options.join(", ")))
}

fn kind_in_words(kind: &TableKind) -> String {
    match kind {
        TableKind::Ordinary => "ordinary".to_owned(),
        TableKind::Virtual(text) => text.clone(),
        TableKind::Shadow => "shadow".to_owned(),
        TableKind::Foreign => "foreign".to_owned(),
        TableKind::Partitioned(by) => format!("partitioned by {by}"),
        TableKind::Partition { of, bound, by } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(", partitioned by {by}"));
            format!("partition of {of} {bound}{by}")
        }
    }
}
