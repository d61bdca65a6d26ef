//! The columns of one table: where each gets its value from.

use toml::Spanned;

use super::inputs::Inputs;
use super::options::{Options, Policies, read_zone};
use super::types::{kind_of, labels, type_behind};
use super::{Level, Problems};
use crate::domain::engine::Engine;
use crate::domain::nearest::meant;
use crate::domain::schema::{Column as Declared, Schema, Table};
use crate::domain::transfer::{Column, EnumMap, Fit, From, Input, Kind, Literal, Part, Step, Unit, Unknown};
use crate::project::mapping::{ColumnSpec, Given, Mapping, TableSpec, given};

/// What all columns of a table have in common.
pub struct Columns<'a> {
    pub mapping: &'a Mapping,
    pub spec: &'a TableSpec,
    pub options: &'a Options,
    pub policies: Policies,
    pub source: &'a Schema,
    pub target: &'a Schema,
    pub to: &'a Table,
    pub unpivots: bool,
}

impl Columns<'_> {
    /// The column as it is filled; `None` where it is left to the target.
    pub(super) fn column(&self, declared: &Declared, inputs: &mut Inputs<'_>, problems: &mut Problems<'_>) -> Option<Column> {
        let name = declared.name.as_str();
        let rules = self.spec.column.get(name);
        let set = self.spec.set.get_key_value(name);
        let default = self.spec.default.get(name);
        let from = self.from(name, rules, inputs, problems);
        let mut steps = Vec::new();
        let mut kind = kind_of(self.target, declared);
        let mut fit = Fit { zone: self.options.zone, overlong: self.policies.overlong, ..Fit::default() };
        if self.target.engine == Engine::Postgres {
            fit = fit.of_postgres(type_behind(declared));
        }
        if let (Some((key, _)), Some(_)) = (set, &from) {
            problems.error(
                "twice",
                self.table(),
                key,
                format!("`{name}` gets its value twice: from the source and by `set`"),
                "skip the old column, or leave `set` out",
            );
        }
        let mut only_new = false;
        let mut from = match (set, from) {
            (Some((_, value)), _) => self.given(value, inputs, problems),
            (None, from) => from,
        };
        if let Some(rules) = rules {
            self.rules(name, rules, &mut from, &mut steps, &mut kind, &mut fit, inputs, problems);
        }
        if let Some(value) = default {
            match (self.given(value, inputs, problems), &from) {
                (Some(given), None) => {
                    // It is there for rows that are not, and overwrites nothing.
                    only_new = true;
                    from = Some(given);
                }
                (Some(From::Literal(literal)), Some(_)) => steps.push(Step::Coalesce(literal)),
                (Some(_), Some(_)) => problems.error(
                    "default",
                    self.table(),
                    value,
                    format!("the default of `{name}` has to be the same for every row"),
                    "use `column` with `sql` for anything else",
                ),
                (None, _) => {}
            }
        }
        let preserved = self.mapping.options.preserve.iter().chain(&self.spec.preserve).any(|word| word.get_ref() == name);
        from.map(|from| Column {
            to: name.to_owned(),
            kind,
            from,
            steps,
            fit,
            nullable: declared.nullable && !self.to.primary_key.iter().any(|key| key == name),
            preserve: preserved || only_new,
            collation: declared.collation.clone(),
            labels: labels(self.target, declared),
        })
    }

    fn table(&self) -> &str {
        &self.to.name.name
    }

    /// Where the value comes from without `set` and `default`.
    fn from(&self, name: &str, rules: Option<&ColumnSpec>, inputs: &mut Inputs<'_>, problems: &mut Problems<'_>) -> Option<From> {
        if let Some(lookup) = self.spec.lookup.get(name) {
            return self.lookup(lookup, inputs, problems);
        }
        if let Some(sql) = rules.and_then(|rules| rules.sql.as_ref()) {
            let text = match self.source.engine {
                Engine::Sqlite => &sql.sqlite,
                Engine::Postgres => &sql.postgres,
            };
            let Some(text) = text else {
                problems.without_place(
                    Level::Error,
                    "sql",
                    self.table(),
                    format!("the SQL of `{name}` is not given for {}", self.source.engine),
                    format!("add sql.{}", self.source.engine.word()),
                );
                return None;
            };
            return Some(From::Input(inputs.other(Input::Sql(text.get_ref().clone()))));
        }
        if let Some(word) = rules.and_then(|rules| rules.from.as_ref()) {
            return self.source_column(word, inputs, problems).map(From::Input);
        }
        let renamed: Vec<_> = self.spec.rename.iter().filter(|(_, new)| new.get_ref() == name).collect();
        if let Some((_, again)) = renamed.get(1) {
            problems.error(
                "twice",
                self.table(),
                again,
                format!("two columns are renamed to `{name}`"),
                "one of them has to stay behind: skip",
            );
        }
        if let Some((old, _)) = renamed.first() {
            return self.source_column(old, inputs, problems).map(From::Input);
        }
        let moved_away = self.spec.rename.contains_key(name) || self.spec.skip.iter().any(|word| word.get_ref() == name);
        let counted = self.spec.after.contains_key(name);
        let drawn = self.spec.new_key.as_ref().is_some_and(|word| word.get_ref() == name);
        // A derived table has nothing of the row but what the mapping says.
        if moved_away || counted || drawn || self.unpivots || self.spec.set.contains_key(name) || !inputs.has(name) {
            return None;
        }
        Some(From::Input(inputs.column(name)))
    }

    fn source_column(&self, word: &Spanned<String>, inputs: &mut Inputs<'_>, problems: &mut Problems<'_>) -> Option<usize> {
        let name = word.get_ref();
        if inputs.has(name) {
            return Some(inputs.column(name));
        }
        let known = inputs.table.columns.iter().map(|column| column.name.as_str());
        problems.error(
            "no-column",
            self.table(),
            word,
            format!("the table {} of the source has no column `{name}`", inputs.table.name),
            meant(name, known),
        );
        None
    }

    /// A value that the mapping gives.
    pub(super) fn given(
        &self,
        value: &Spanned<toml::Value>,
        inputs: &mut Inputs<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<From> {
        let given = match given(value.get_ref()) {
            Ok(given) => given,
            Err(why) => {
                problems.error("value", self.table(), value, why, "correct the value");
                return None;
            }
        };
        let numbered = matches!(given, Given::Number | Given::Value | Given::Template(_));
        if numbered && !self.unpivots {
            problems.error(
                "value",
                self.table(),
                value,
                "`n` and `value` are only there where columns become rows".to_owned(),
                "say `unpivot`, or write \"text:…\"",
            );
            return None;
        }
        Some(match given {
            Given::Literal(literal) => From::Literal(literal),
            Given::Number => From::Input(inputs.other(Input::Number)),
            Given::Value => From::Input(inputs.other(Input::Value)),
            Given::Column(name) => {
                let word = Spanned::new(value.span(), name);
                From::Input(self.source_column(&word, inputs, problems)?)
            }
            Given::Template(text) => {
                let number = inputs.other(Input::Number);
                let mut parts = Vec::new();
                for (at, part) in text.split("{n}").enumerate() {
                    if at > 0 {
                        parts.push(Part::Input(number));
                    }
                    if !part.is_empty() {
                        parts.push(Part::Text(part.to_owned()));
                    }
                }
                From::Text(parts)
            }
        })
    }

    fn lookup(
        &self,
        lookup: &crate::project::mapping::LookupSpec,
        inputs: &mut Inputs<'_>,
        problems: &mut Problems<'_>,
    ) -> Option<From> {
        let table = self.target_table(&lookup.table, problems)?;
        self.target_column(&lookup.column, table, problems)?;
        let mut on = Vec::new();
        for (column, value) in &lookup.on {
            self.target_column(column, table, problems)?;
            match self.given(value, inputs, problems)? {
                From::Input(input) => on.push((column.get_ref().clone(), input)),
                _ => problems.error(
                    "value",
                    self.table(),
                    value,
                    "a row is looked up by columns: \"col:NAME\", \"n\" or \"value\"".to_owned(),
                    "correct the value",
                ),
            }
        }
        let (table, column) = (lookup.table.get_ref().clone(), lookup.column.get_ref().clone());
        Some(From::Input(inputs.other(Input::Lookup { table, column, on })))
    }

    /// A table of the target that the mapping names.
    pub(super) fn target_table(&self, word: &Spanned<String>, problems: &mut Problems<'_>) -> Option<&Table> {
        let found = self.target.tables.iter().find(|table| table.name.to_string() == *word.get_ref());
        if found.is_none() {
            let known = self.target.tables.iter().map(|table| table.name.name.as_str());
            problems.error(
                "no-table",
                self.table(),
                word,
                format!("the target has no table `{}`", word.get_ref()),
                meant(word.get_ref(), known),
            );
        }
        found
    }

    /// A column of a table of the target that the mapping names.
    pub(super) fn target_column(&self, word: &Spanned<String>, table: &Table, problems: &mut Problems<'_>) -> Option<()> {
        match table.columns.iter().find(|column| column.name == *word.get_ref()) {
            Some(column) if column.generated.is_some() => {
                problems.error(
                    "generated",
                    self.table(),
                    word,
                    format!("{}.{} is worked out by the database, and takes no value", table.name, column.name),
                    "leave it out",
                );
                return None;
            }
            Some(_) => return Some(()),
            None => {}
        }
        let known = table.columns.iter().map(|column| column.name.as_str());
        problems.error(
            "no-column",
            self.table(),
            word,
            format!("the table {} of the target has no column `{}`", table.name, word.get_ref()),
            meant(word.get_ref(), known),
        );
        None
    }

    #[allow(clippy::too_many_arguments)]
    fn rules(
        &self,
        name: &str,
        rules: &ColumnSpec,
        from: &mut Option<From>,
        steps: &mut Vec<Step>,
        kind: &mut Kind,
        fit: &mut Fit,
        inputs: &mut Inputs<'_>,
        problems: &mut Problems<'_>,
    ) {
        if let Some(word) = &rules.kind {
            match Kind::named(word.get_ref()) {
                Some(named) => *kind = named,
                None => problems.error(
                    "word",
                    self.table(),
                    word,
                    format!("`{}` is no type here", word.get_ref()),
                    meant(word.get_ref(), Kind::WORDS),
                ),
            }
        }
        if let Some(word) = &rules.epoch {
            fit.epoch = match word.get_ref().as_str() {
                "s" => Some(Unit::Seconds),
                "ms" => Some(Unit::Milliseconds),
                "us" => Some(Unit::Microseconds),
                other => {
                    problems.error("word", self.table(), word, format!("`{other}` is no unit of time"), "s, ms or us");
                    None
                }
            };
        }
        if let Some(zone) = read_zone(rules.zone.as_ref(), problems) {
            fit.zone = zone;
        }
        if let Some(word) = &rules.idmap {
            self.idmap(name, word, from, steps, inputs, problems);
        }
        if rules.is_not_null {
            steps.push(Step::IsNotNull);
        }
        if let Some(word) = &rules.by_enum {
            steps.extend(self.by_enum(word, problems).map(Step::Enum));
        }
        if rules.to_json {
            steps.push(Step::ToJson);
        }
        if let Some(step) = self.older(rules, inputs, problems) {
            steps.push(step);
        }
        if let Some(value) = &rules.coalesce {
            match self.given(value, inputs, problems) {
                Some(From::Literal(literal)) => steps.push(Step::Coalesce(literal)),
                Some(_) => problems.error(
                    "value",
                    self.table(),
                    value,
                    "NULL can only become the same value for every row".to_owned(),
                    "use `sql` for anything else",
                ),
                None => {}
            }
        }
        if from.is_none() && !steps.is_empty() {
            problems.without_place(
                Level::Error,
                "no-column",
                self.table(),
                format!(
                    "the rules of `{name}` have no column to work on: the source has none of that name, and none is renamed to it"
                ),
                format!("add from = \"COLUMN\" to [table.column.{name}]"),
            );
        }
    }

    fn idmap(
        &self,
        name: &str,
        word: &Spanned<String>,
        from: &mut Option<From>,
        steps: &mut Vec<Step>,
        inputs: &mut Inputs<'_>,
        problems: &mut Problems<'_>,
    ) {
        let of = word.get_ref();
        let mapped = self.mapping.tables.iter().find(|spec| spec.from.as_ref().is_some_and(|from| from.get_ref() == of));
        match mapped {
            Some(_) if self.spec.from.as_ref().is_some_and(|from| from.get_ref() == of) => problems.error(
                "idmap",
                self.table(),
                word,
                format!("the new keys of `{of}` are drawn while it is moved, so that `{name}` cannot point to them yet"),
                format!("skip the old column, and fill `{name}` by a patch afterwards; or keep the keys: leave new_key out"),
            ),
            Some(spec) if spec.new_key.is_some() => {}
            Some(_) => problems.error(
                "idmap",
                self.table(),
                word,
                format!("`{of}` keeps its keys, so that there is nothing to map"),
                format!("leave idmap of `{name}` out, or say new_key for `{of}`"),
            ),
            None => {
                let known = self.mapping.tables.iter().filter_map(|spec| spec.from.as_ref()).map(|from| from.get_ref().as_str());
                let hint = meant(of, known.clone().collect::<Vec<_>>());
                problems.error("idmap", self.table(), word, format!("`{of}` is no table that the mapping moves"), hint);
            }
        }
        if let Some(From::Input(by)) = *from {
            *from = Some(From::Input(inputs.other(Input::Mapped { table: of.clone(), by })));
            steps.push(Step::Found { by, within: of.clone() });
        }
    }

    fn by_enum(&self, word: &Spanned<String>, problems: &mut Problems<'_>) -> Option<EnumMap> {
        let Some(spec) = self.mapping.enums.get(word.get_ref().as_str()) else {
            let known = self.mapping.enums.keys().map(|name| name.get_ref().as_str());
            problems.error(
                "no-enum",
                self.table(),
                word,
                format!("there is no [enum.{}]", word.get_ref()),
                meant(word.get_ref(), known),
            );
            return None;
        };
        let mut values: std::collections::HashMap<_, _> =
            spec.values.iter().map(|value| (value.clone(), value.clone())).collect();
        values.extend(spec.map.iter().map(|(old, new)| (old.clone(), new.clone())));
        let mut map =
            EnumMap { name: word.get_ref().clone(), values, upper: false, replace: Vec::new(), unknown: Unknown::Reject };
        for rule in &spec.normalise {
            let chars: Vec<char> = rule.get_ref().chars().collect();
            match (rule.get_ref().as_str(), chars.as_slice()) {
                ("upper", _) => map.upper = true,
                (_, [from, ':', to]) => map.replace.push((*from, *to)),
                _ => problems.error(
                    "word",
                    self.table(),
                    rule,
                    format!("`{}` is no way to normalise", rule.get_ref()),
                    "upper, or two characters with a colon between: -:_",
                ),
            }
        }
        map.unknown = match spec.unknown.as_ref().map(|word| word.get_ref().as_str()) {
            None | Some("reject") => Unknown::Reject,
            Some("error") => Unknown::Error,
            Some("null") => Unknown::Null,
            Some(value) => Unknown::Value(value.to_owned()),
        };
        Some(map)
    }

    fn older(&self, rules: &ColumnSpec, inputs: &mut Inputs<'_>, problems: &mut Problems<'_>) -> Option<Step> {
        let word = match (&rules.older_than, &rules.becomes, &rules.age_of_null) {
            (Some(word), Some(_), _) => word,
            (Some(word), None, _) => {
                problems.error(
                    "age",
                    self.table(),
                    word,
                    "it is not said what an older value becomes".to_owned(),
                    "add becomes = \"now\"",
                );
                return None;
            }
            (None, Some(value), _) => {
                problems.error("age", self.table(), value, "`becomes` needs an age".to_owned(), "add older_than = \"60d\"");
                return None;
            }
            (None, None, Some(word)) => {
                problems.error("age", self.table(), word, "`age_of_null` needs an age".to_owned(), "add older_than = \"60d\"");
                return None;
            }
            (None, None, None) => return None,
        };
        let age = days(word.get_ref());
        if age.is_none() {
            problems.error(
                "age",
                self.table(),
                word,
                format!("`{}` is no age", word.get_ref()),
                "write a number with a unit: 60d, 12h, 30m",
            );
        }
        let null_by = rules.age_of_null.as_ref().and_then(|word| self.source_column(word, inputs, problems));
        let value = rules.becomes.as_ref()?;
        let becomes = match self.given(value, inputs, problems)? {
            From::Literal(literal @ (Literal::Now | Literal::Null)) => literal,
            _ => {
                problems.error(
                    "value",
                    self.table(),
                    value,
                    "an older value becomes \"now\" or \"null\"".to_owned(),
                    "correct the value",
                );
                return None;
            }
        };
        Some(Step::Older { age: age?, becomes, null_by })
    }
}

/// `60d` in microseconds.
fn days(text: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000;
    match text.strip_suffix('d') {
        Some(days) => days.trim().parse::<u32>().ok().map(|days| i64::from(days) * 86_400 * SECOND),
        None => crate::domain::duration::parse_duration(text).ok().and_then(|age| i64::try_from(age.as_micros()).ok()),
    }
}
