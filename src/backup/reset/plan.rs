//! What a reset would do: what goes, what stays, what is prepared for it. Pure.

use std::collections::BTreeSet;

use crate::domain::checksum::sha256_hex;
use crate::domain::schema::{Name, Schema};

/// What is known before.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The schema of the database.
    pub live: Schema,
    /// What the migrations make on an empty one.
    pub made: Schema,
    /// The rows of its tables.
    pub rows: Vec<(Name, u64)>,
    /// The schema of what names none; empty where there are no schemas.
    pub default_schema: String,
    /// Large objects.
    pub large_objects: u64,
    /// Owners and grants.
    pub rights: usize,
    /// The migrations, with the checksums of their texts.
    pub migrations: Vec<(String, String)>,
    /// Whether the first of them is a baseline.
    pub baseline: bool,
    /// How the tests of the schema came out.
    pub tests: Prepared,
    /// The backup that will be made.
    pub backup: Prepared,
    /// The command that brings everything back.
    pub way_back: Prepared,
    /// The text that tells users.
    pub notice: Prepared,
}

/// Whether something is prepared, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// It is.
    Yes(String),
    /// It is not.
    No(String),
}

/// A line of the check list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is about.
    pub name: &'static str,
    /// Whether it is done.
    pub done: bool,
    /// In words.
    pub text: String,
}

/// Something that goes or stays, and how many of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `tables`, `views` …
    pub what: &'static str,
    /// Their names, or what is said of them.
    pub names: Vec<String>,
    /// Their rows, where it is tables.
    pub rows: Option<u64>,
}

/// The schemas that are emptied: the one of what names none, and all in which the migrations make something.
pub fn own_schemas(default_schema: &str, made: &Schema) -> Vec<String> {
    if default_schema.is_empty() {
        return Vec::new();
    }
    let of = |name: &Name| name.schema.clone();
    let objects = made.tables.iter().map(|one| of(&one.name));
    let objects = objects.chain(made.views.iter().map(|one| of(&one.name)));
    let objects = objects.chain(made.sequences.iter().map(|one| of(&one.name)));
    let objects = objects.chain(made.types.iter().map(|one| of(&one.name)));
    let objects = objects.chain(made.functions.iter().map(|one| of(&one.name)));
    let own: BTreeSet<String> =
        objects.flatten().chain(made.namespaces.iter().cloned()).chain([default_schema.to_owned()]).collect();
    own.into_iter().collect()
}

/// The part of `schema` that is in the schemas `own`; all of it where there are no schemas.
pub fn within(schema: &Schema, own: &[String]) -> Schema {
    let mut schema = schema.clone();
    if own.is_empty() {
        return schema;
    }
    let is_own = |name: &Name| name.schema.as_ref().is_none_or(|schema| own.contains(schema));
    schema.namespaces.retain(|name| own.contains(name));
    schema.tables.retain(|one| is_own(&one.name));
    schema.views.retain(|one| is_own(&one.name));
    schema.sequences.retain(|one| is_own(&one.name));
    schema.types.retain(|one| is_own(&one.name));
    schema.functions.retain(|one| is_own(&one.name));
    schema.others.retain(|one| own.iter().any(|schema| one.name.contains(&format!("{schema}."))) || !one.name.contains('.'));
    schema
}

/// The five things that are to be prepared.
pub fn checks(gathered: &Gathered) -> Vec<Check> {
    let check = |name, prepared: &Prepared| match prepared {
        Prepared::Yes(text) => Check { name, done: true, text: text.clone() },
        Prepared::No(text) => Check { name, done: false, text: text.clone() },
    };
    let count = gathered.migrations.len();
    let first = gathered.migrations.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    let baseline = match (gathered.baseline, count) {
        (true, 1) => Prepared::Yes(format!("{first} makes the whole schema, and runs on an empty database")),
        (true, _) => Prepared::Yes(format!("{first} and {} after it run on an empty database", count - 1)),
        (false, 1) => Prepared::Yes(format!("{first} is the only migration, and runs on an empty database")),
        (false, _) => {
            Prepared::No(format!("{count} migrations run on an empty database; one makes it simpler: manage baseline squash"))
        }
    };
    vec![
        check("tests", &gathered.tests),
        check("baseline", &baseline),
        check("backup", &gathered.backup),
        check("rollback", &gathered.way_back),
        check("notice", &gathered.notice),
    ]
}

/// What goes.
pub fn goes(gathered: &Gathered) -> Vec<Line> {
    let own = own_schemas(&gathered.default_schema, &gathered.made);
    let live = within(&gathered.live, &own);
    let names = |names: Vec<&Name>| names.into_iter().map(Name::to_string).collect::<Vec<_>>();
    let mut lines = vec![tables(gathered, &live)];
    lines.push(Line { what: "views", names: names(live.views.iter().map(|one| &one.name).collect()), rows: None });
    lines.push(Line { what: "sequences", names: names(live.sequences.iter().map(|one| &one.name).collect()), rows: None });
    lines.push(Line { what: "types", names: names(live.types.iter().map(|one| &one.name).collect()), rows: None });
    lines.push(Line { what: "functions", names: names(live.functions.iter().map(|one| &one.name).collect()), rows: None });
    lines.push(Line { what: "other objects", names: live.others.iter().map(|one| one.name.clone()).collect(), rows: None });
    lines.retain(|line| !line.names.is_empty());
    lines
}

/// What stays.
pub fn stays(gathered: &Gathered) -> Vec<Line> {
    let own = own_schemas(&gathered.default_schema, &gathered.made);
    let server = !gathered.default_schema.is_empty();
    let mut lines = Vec::new();
    if server {
        let mut elsewhere = gathered.live.clone();
        elsewhere.tables.retain(|one| one.name.schema.as_ref().is_some_and(|schema| !own.contains(schema)));
        let line = tables(gathered, &elsewhere);
        let schemas: Vec<String> = gathered.live.namespaces.iter().filter(|name| !own.contains(name)).cloned().collect();
        lines.push(Line { what: "other schemas", names: schemas, rows: None });
        lines.push(Line { what: "tables elsewhere", ..line });
        lines.push(Line {
            what: "extensions",
            names: gathered.live.extensions.iter().map(|one| one.name.clone()).collect(),
            rows: None,
        });
        if gathered.rights > 0 {
            let text = format!("{} owners and grants, for what comes again under its name", gathered.rights);
            lines.push(Line { what: "grants", names: vec![text], rows: None });
        }
        if gathered.large_objects > 0 {
            lines.push(Line { what: "large objects", names: vec![gathered.large_objects.to_string()], rows: None });
        }
    }
    let ledger = "notes, the log of migrations, the marker".to_owned();
    lines.push(Line { what: "ledger", names: vec![ledger], rows: None });
    lines.retain(|line| !line.names.is_empty());
    lines
}

fn tables(gathered: &Gathered, schema: &Schema) -> Line {
    let rows = |name: &Name| gathered.rows.iter().find(|(known, _)| known == name).map_or(0, |(_, rows)| *rows);
    let names = schema.tables.iter().map(|table| format!("{} ({})", table.name, rows(&table.name))).collect();
    Line { what: "tables", names, rows: Some(schema.tables.iter().map(|table| rows(&table.name)).sum()) }
}

/// What a token is good for: this schema going, those migrations running. Rows may come meanwhile.
pub fn digest(gathered: &Gathered) -> String {
    let mut text = String::from("manage reset 1\n");
    for line in goes(gathered) {
        let names: Vec<&str> = line.names.iter().map(|name| name.split(" (").next().unwrap_or(name)).collect();
        text.push_str(&format!("{}: {}\n", line.what, names.join(", ")));
    }
    for (name, checksum) in &gathered.migrations {
        text.push_str(&format!("{name} {checksum}\n"));
    }
    sha256_hex(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::engine::Engine;

    fn gathered(schema: &str, migrations: &[&str]) -> Gathered {
        let yes = || Prepared::Yes("x".to_owned());
        Gathered {
            live: Schema::empty(Engine::Postgres),
            made: Schema::empty(Engine::Postgres),
            rows: Vec::new(),
            default_schema: schema.to_owned(),
            large_objects: 0,
            rights: 0,
            migrations: migrations.iter().map(|name| ((*name).to_owned(), "c".to_owned())).collect(),
            baseline: false,
            tests: Prepared::No("none".to_owned()),
            backup: yes(),
            way_back: yes(),
            notice: yes(),
        }
    }

    #[test]
    fn several_migrations_are_no_baseline() {
        let done = |gathered: &Gathered| checks(gathered).iter().map(|check| check.done).collect::<Vec<_>>();

        assert_eq!(done(&gathered("public", &["1 a"])), [false, true, true, true, true]);
        assert_eq!(done(&gathered("public", &["1 a", "2 b"])), [false, false, true, true, true]);
        assert_eq!(done(&Gathered { baseline: true, ..gathered("public", &["1 a", "2 b"]) }), [false, true, true, true, true]);
    }

    #[test]
    fn schemas_in_which_nothing_is_made_stay() {
        let mut plan = gathered("public", &["1 a"]);
        plan.live.namespaces = vec!["app".to_owned(), "reporting".to_owned()];
        plan.made.namespaces = vec!["app".to_owned()];

        assert_eq!(own_schemas("public", &plan.made), ["app", "public"]);
        let stay = stays(&plan);
        assert!(stay.iter().any(|line| line.what == "other schemas" && line.names == ["reporting"]));
        assert_eq!(own_schemas("", &plan.made), Vec::<String>::new());
    }

    #[test]
    fn the_digest_is_of_what_goes_and_what_runs() {
        let plan = gathered("public", &["1 a"]);
        let rows = Gathered { rows: vec![(Name { schema: None, name: "t".to_owned() }, 7)], ..plan.clone() };

        assert_eq!(digest(&plan), digest(&rows));
        assert_ne!(digest(&plan), digest(&gathered("public", &["1 b"])));
    }
}
