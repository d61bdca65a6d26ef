//! One table of the mapping.

use std::collections::BTreeSet;

use toml::Spanned;

use super::columns::Columns;
use super::inputs::Inputs;
use super::options::Options;
use super::types::kind_of;
use super::{Level, Problems, Skipped};
use crate::domain::nearest::meant;
use crate::domain::schema::{Schema, Table};
use crate::domain::transfer::{
    After, Column, Condition, Conflict, From, Guarded, Input, Kind, NewKey, Parent, Rows, Step, TablePlan, Unpivot,
};
use crate::project::mapping::{Mapping, TableSpec, UnpivotSpec};

/// What becomes of a table of the mapping.
pub enum Planned {
    Moved(Box<TablePlan>),
    Skipped(Skipped),
}

pub(super) fn plan(
    mapping: &Mapping,
    spec: &TableSpec,
    options: &Options,
    source: &Schema,
    target: &Schema,
    problems: &mut Problems<'_>,
) -> Option<Planned> {
    let word = match (&spec.from, &spec.unpivot) {
        (Some(word), None) => word,
        (None, Some(unpivot)) => &unpivot.from,
        (Some(word), Some(_)) => {
            problems.error(
                "table",
                word.get_ref(),
                word,
                "`from` and `unpivot` both say where rows come from".to_owned(),
                "leave one of them out",
            );
            return None;
        }
        (None, None) => {
            let message = "a table of the mapping does not say where its rows come from".to_owned();
            problems.without_place(
                Level::Error,
                "table",
                spec.to.as_ref().map_or("", |word| word.get_ref()),
                message,
                "add from = \"TABLE\"",
            );
            return None;
        }
    };
    let from = find(source, word, "source", problems)?;
    if let Some(why) = &spec.skip_table {
        return Some(Planned::Skipped(Skipped { table: word.get_ref().clone(), why: why.get_ref().clone() }));
    }
    let Some(to_word) = &spec.to else {
        problems.error(
            "table",
            word.get_ref(),
            word,
            format!("it is not said what becomes of `{}`", word.get_ref()),
            "add to = \"TABLE\", or skip_table = \"why\"",
        );
        return None;
    };
    let to = find(target, to_word, "target", problems)?;
    let found = problems.list.len();
    let table = moved(mapping, spec, options, (source, from), (target, to), to_word, problems);
    (problems.list[found..].iter().all(|problem| problem.level == Level::Warning)).then(|| Planned::Moved(Box::new(table)))
}

fn find<'a>(schema: &'a Schema, word: &Spanned<String>, side: &str, problems: &mut Problems<'_>) -> Option<&'a Table> {
    let found = schema.tables.iter().find(|table| table.name.to_string() == *word.get_ref());
    if found.is_none() {
        let known: Vec<String> = schema.tables.iter().map(|table| table.name.to_string()).collect();
        problems.error(
            "no-table",
            word.get_ref(),
            word,
            format!("the {side} has no table `{}`", word.get_ref()),
            meant(word.get_ref(), known.iter().map(String::as_str)),
        );
    }
    found
}

fn moved(
    mapping: &Mapping,
    spec: &TableSpec,
    options: &Options,
    (source, from): (&Schema, &Table),
    (target, to): (&Schema, &Table),
    word: &Spanned<String>,
    problems: &mut Problems<'_>,
) -> TablePlan {
    let name = to.name.to_string();
    let policies = options.policies.of(spec, problems);
    let columns = Columns { mapping, spec, options, policies, source, target, to, unpivots: spec.unpivot.is_some() };
    let mut inputs = Inputs::of(from);
    let unpivot = spec.unpivot.as_ref().and_then(|unpivot| unpivoted(unpivot, &mut inputs, &name, problems));
    let planned: Vec<Column> = to
        .columns
        .iter()
        .filter(|column| column.generated.is_none() && !column.hidden)
        .filter_map(|column| columns.column(column, &mut inputs, problems))
        .collect();
    unknown_names(spec, from, to, &columns, problems);
    unfilled(spec, to, &planned, word, target, problems);
    let mut key: Vec<_> = from.primary_key.iter().map(|column| (column.clone(), inputs.key(column))).collect();
    if unpivot.is_some() {
        key.push(("n".to_owned(), inputs.other(Input::Number)));
    }
    let only = guarded(&spec.only, &mut inputs, &name, problems);
    let require = guarded(&spec.require, &mut inputs, &name, problems);
    let new_key = new_key(spec, from, to, &mut inputs, problems);
    let matched = matched(spec, to, &planned, new_key.is_some(), word, target, problems);
    let found_by = matched.iter().map(|at| planned[*at].to.clone()).collect();
    let order = order(spec, &mut inputs, &name, problems);
    let after = after(spec, &columns, problems);
    let update_only_if = spec
        .update_only_if
        .iter()
        .filter_map(|(column, value)| {
            columns.target_column(column, to, problems)?;
            Some((column.get_ref().clone(), columns.given(value, &mut inputs, problems)?))
        })
        .collect();
    if !to.triggers.is_empty() && !options.fire_triggers {
        let names: Vec<_> = to.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
        problems.error(
            "triggers",
            &name,
            word,
            format!("{name} has triggers, which would write what the mapping does not say: {}", names.join(", ")),
            "say triggers = \"fire\" in [options] where that is meant; what they write is not taken back by a rollback",
        );
    }
    if spec.unpivot.is_none() {
        unmapped_columns(mapping, spec, from, &inputs, &name, problems);
    }
    narrowed(&planned, &inputs, from, source, word, &name, problems);
    TablePlan {
        from: Rows { table: from.name.to_string(), unpivot },
        to: name,
        parents: parents(to, target, &planned),
        unique: unique(to, target, &planned),
        checks: to.checks(),
        left_out: to
            .columns
            .iter()
            .filter(|column| !planned.iter().any(|known| known.to == column.name) && column.generated.is_none() && !column.hidden)
            .map(|column| (column.name.clone(), column.default.clone()))
            .collect(),
        inputs: inputs.list,
        key,
        columns: planned,
        only,
        require,
        matched,
        new_key,
        conflict: policies.conflict,
        duplicates: policies.duplicates,
        orphans: policies.orphans,
        null_overwrites: policies.null_overwrites || policies.conflict == Conflict::Replace,
        update_only_if,
        order,
        after,
        // Where there is no key, rows are found again by what they were found by: where they lie may change.
        target_key: if to.primary_key.is_empty() { found_by } else { to.primary_key.clone() },
        triggers: !to.triggers.is_empty(),
    }
}

/// The numbers of an unpivot, `0..7`: at most a thousand.
fn numbers(spec: &UnpivotSpec) -> Option<std::ops::RangeInclusive<i64>> {
    let (low, high) = spec.n.get_ref().split_once("..")?;
    let (low, high) = (low.trim().parse::<i64>().ok()?, high.trim().parse::<i64>().ok()?);
    (low <= high && high.checked_sub(low)? < 1000).then_some(low..=high)
}

fn unpivoted(spec: &UnpivotSpec, inputs: &mut Inputs<'_>, table: &str, problems: &mut Problems<'_>) -> Option<Unpivot> {
    let Some(range) = numbers(spec) else {
        problems.error(
            "unpivot",
            table,
            &spec.n,
            format!("`{}` are no numbers", spec.n.get_ref()),
            "write the first and the last, at most a thousand: 0..7",
        );
        return None;
    };
    if !spec.columns.get_ref().contains("{n}") {
        problems.error(
            "unpivot",
            table,
            &spec.columns,
            format!("`{}` does not say where the number stands", spec.columns.get_ref()),
            "write {n} there: perm_level_{n}_role_id",
        );
        return None;
    }
    let mut columns = Vec::new();
    for n in range {
        let column = spec.columns.get_ref().replace("{n}", &n.to_string());
        if !inputs.has(&column) {
            let known = inputs.table.columns.iter().map(|column| column.name.as_str());
            problems.error(
                "no-column",
                table,
                &spec.columns,
                format!("the table {} of the source has no column `{column}`", inputs.table.name),
                meant(&column, known),
            );
            return None;
        }
        columns.push((n, column));
    }
    Some(Unpivot { columns })
}

/// Names in the mapping that neither side has.
fn unknown_names(spec: &TableSpec, from: &Table, to: &Table, columns: &Columns<'_>, problems: &mut Problems<'_>) {
    let has = |table: &Table, name: &str| table.columns.iter().any(|column| column.name == name);
    for word in &spec.skip {
        if !has(from, word.get_ref()) {
            let known = from.columns.iter().map(|column| column.name.as_str());
            problems.error(
                "no-column",
                &to.name.name,
                word,
                format!("the table {} of the source has no column `{}`", from.name, word.get_ref()),
                meant(word.get_ref(), known),
            );
        }
    }
    for (old, new) in &spec.rename {
        let _ = columns.target_column(new, to, problems);
        if spec.skip.iter().any(|word| word.get_ref() == old.get_ref()) {
            problems.error(
                "twice",
                &to.name.name,
                old,
                format!("`{}` is renamed and skipped", old.get_ref()),
                "leave one of them out",
            );
        }
        if !has(from, old.get_ref()) && !has(to, new.get_ref()) {
            let known = from.columns.iter().map(|column| column.name.as_str());
            problems.error(
                "no-column",
                &to.name.name,
                old,
                format!("the table {} of the source has no column `{}`", from.name, old.get_ref()),
                meant(old.get_ref(), known),
            );
        }
    }
    let named = spec.set.keys().chain(spec.default.keys()).chain(spec.column.keys()).chain(spec.lookup.keys());
    for word in named.chain(spec.after.keys()).chain(&spec.new_key).chain(&spec.preserve) {
        let _ = columns.target_column(word, to, problems);
    }
}

/// Tables and columns that [verify] names and the source does not have, or the mapping does not move.
pub(super) fn unknown_to_verify(mapping: &Mapping, source: &Schema, problems: &mut Problems<'_>) {
    for word in mapping.verify.expect.keys() {
        let _ = find(source, word, "source", problems);
    }
    for (word, columns) in &mapping.verify.spot {
        let Some(table) = find(source, word, "source", problems) else { continue };
        let moved = |spec: &TableSpec| {
            spec.skip_table.is_none() && spec.from.as_ref().is_some_and(|from| from.get_ref() == word.get_ref())
        };
        if !mapping.tables.iter().any(moved) {
            let message = format!("`{}` stays behind, so that none of its rows can be looked at", word.get_ref());
            problems.error("spot", word.get_ref(), word, message, "leave it out of [verify.spot]");
        }
        for name in columns.keys().filter(|name| !table.columns.iter().any(|column| column.name == **name)) {
            let known = table.columns.iter().map(|column| column.name.as_str());
            problems.error(
                "no-column",
                word.get_ref(),
                word,
                format!("the table {} of the source has no column `{name}`", table.name),
                meant(name, known),
            );
        }
    }
}

/// Columns of the target that ask for a value and get none.
fn unfilled(
    spec: &TableSpec,
    to: &Table,
    planned: &[Column],
    word: &Spanned<String>,
    target: &Schema,
    problems: &mut Problems<'_>,
) {
    for column in &to.columns {
        let filled = planned.iter().any(|known| known.to == column.name) || column.generated.is_some() || column.hidden;
        let drawn = spec.new_key.as_ref().is_some_and(|word| *word.get_ref() == column.name) || column.identity.is_some();
        let own = is_own_key(to, &column.name, target);
        if filled || drawn || own || column.nullable || column.default.is_some() {
            continue;
        }
        // What was said of it and is wrong is a problem already.
        let said = spec.set.contains_key(column.name.as_str())
            || spec.column.contains_key(column.name.as_str())
            || spec.lookup.contains_key(column.name.as_str());
        if !said {
            problems.error(
                "unfilled-column",
                &to.name.name,
                word,
                format!("{}.{} takes no NULL, has no default and gets no value", to.name, column.name),
                format!("rename a column to it, or say set = {{ {} = … }}", column.name),
            );
        }
    }
}

/// Whether the database draws the key by itself: SQLite's `INTEGER PRIMARY KEY`.
fn is_own_key(table: &Table, column: &str, schema: &Schema) -> bool {
    schema.engine == crate::domain::engine::Engine::Sqlite
        && table.primary_key == [column]
        && !table.options.iter().any(|option| option == "WITHOUT ROWID")
        && table.columns.iter().any(|known| known.name == column && known.type_text.eq_ignore_ascii_case("integer"))
}

fn unmapped_columns(
    mapping: &Mapping,
    spec: &TableSpec,
    from: &Table,
    inputs: &Inputs<'_>,
    table: &str,
    problems: &mut Problems<'_>,
) {
    let derived: BTreeSet<String> = mapping
        .derived
        .iter()
        .chain(&mapping.tables)
        .filter_map(|spec| spec.unpivot.as_ref().filter(|unpivot| *unpivot.from.get_ref() == from.name.to_string()))
        .flat_map(|unpivot| {
            let range = numbers(unpivot);
            range.into_iter().flatten().map(|n| unpivot.columns.get_ref().replace("{n}", &n.to_string())).collect::<Vec<_>>()
        })
        .collect();
    let drawn = |name: &str| spec.new_key.is_some() && from.primary_key == [name];
    let Some(word) = &spec.from else { return };
    for column in &from.columns {
        let skipped = spec.skip.iter().any(|word| *word.get_ref() == column.name);
        if skipped && inputs.used.contains(&column.name) {
            continue;
        }
        if !skipped && !inputs.used.contains(&column.name) && !derived.contains(&column.name) && !drawn(&column.name) {
            problems.error(
                "unmapped-column",
                table,
                word,
                format!("the column {}.{} of the source goes nowhere", from.name, column.name),
                format!("rename it, or say skip = [\"{}\"]", column.name),
            );
        }
    }
}

fn guarded(
    map: &std::collections::BTreeMap<Spanned<String>, Spanned<String>>,
    inputs: &mut Inputs<'_>,
    table: &str,
    problems: &mut Problems<'_>,
) -> Vec<Guarded> {
    let mut rules = Vec::new();
    for (word, text) in map {
        let name = word.get_ref();
        let input = match name.as_str() {
            "value" if !inputs.has("value") => inputs.other(Input::Value),
            "n" if !inputs.has("n") => inputs.other(Input::Number),
            _ if inputs.has(name) => inputs.key(name),
            _ => {
                let known = inputs.table.columns.iter().map(|column| column.name.as_str());
                problems.error(
                    "no-column",
                    table,
                    word,
                    format!("the table {} of the source has no column `{name}`", inputs.table.name),
                    meant(name, known),
                );
                continue;
            }
        };
        match Condition::parse(text.get_ref()) {
            Ok(condition) => rules.push(Guarded { input, name: name.clone(), condition }),
            Err(why) => problems.error("condition", table, text, why, "correct the condition"),
        }
    }
    rules
}

fn new_key(spec: &TableSpec, from: &Table, to: &Table, inputs: &mut Inputs<'_>, problems: &mut Problems<'_>) -> Option<NewKey> {
    let word = spec.new_key.as_ref()?;
    let [old] = from.primary_key.as_slice() else {
        problems.error(
            "new-key",
            &to.name.name,
            word,
            format!("the table {} of the source has no key of one column, by which old rows could be found", from.name),
            "keep the key, or leave new_key out",
        );
        return None;
    };
    if to.primary_key != [word.get_ref().as_str()] {
        problems.error(
            "new-key",
            &to.name.name,
            word,
            format!("`{}` is not the primary key of {}", word.get_ref(), to.name),
            format!("the key is {}", to.primary_key.join(", ")),
        );
        return None;
    }
    Some(NewKey { column: word.get_ref().clone(), old: inputs.key(old) })
}

/// The columns by which a row of the target is found, by their places among the planned ones.
fn matched(
    spec: &TableSpec,
    to: &Table,
    planned: &[Column],
    drawn: bool,
    word: &Spanned<String>,
    target: &Schema,
    problems: &mut Problems<'_>,
) -> Vec<usize> {
    let place = |name: &str| planned.iter().position(|column| column.to == name);
    if !spec.matched.is_empty() {
        let mut found = Vec::new();
        for name in &spec.matched {
            match place(name.get_ref()) {
                Some(at) => found.push(at),
                None => {
                    let known: Vec<_> = planned.iter().map(|column| column.to.as_str()).collect();
                    problems.error(
                        "match",
                        &to.name.name,
                        name,
                        format!("`{}` gets no value, so that no row can be found by it", name.get_ref()),
                        meant(name.get_ref(), known),
                    );
                }
            }
        }
        return found;
    }
    let keys = to.unique_keys(target.engine);
    let filled = |key: &&Vec<String>| key.iter().all(|name| place(name).is_some()) && !(drawn && **key == to.primary_key);
    match keys.iter().find(filled) {
        Some(key) => key.iter().filter_map(|name| place(name)).collect(),
        None => {
            problems.error(
                "match",
                &to.name.name,
                word,
                format!("{} has no unique key that is filled, so that rows which are there already cannot be found", to.name),
                "say match = [\"COLUMN\"]",
            );
            Vec::new()
        }
    }
}

fn order(
    spec: &TableSpec,
    inputs: &mut Inputs<'_>,
    table: &str,
    problems: &mut Problems<'_>,
) -> Vec<(usize, bool, Option<bool>)> {
    let mut order = Vec::new();
    for word in &spec.order {
        let mut words = word.get_ref().split_whitespace();
        let name = words.next().unwrap_or_default();
        let rest: Vec<_> = words.map(str::to_lowercase).collect();
        let (descends, nulls) = match rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] | ["asc"] => (false, None),
            ["desc"] => (true, None),
            ["nulls", "last"] | ["asc", "nulls", "last"] => (false, Some(false)),
            ["nulls", "first"] | ["asc", "nulls", "first"] => (false, Some(true)),
            ["desc", "nulls", "last"] => (true, Some(false)),
            ["desc", "nulls", "first"] => (true, Some(true)),
            _ => {
                problems.error(
                    "order",
                    table,
                    word,
                    format!("`{}` is no order", word.get_ref()),
                    "write a column, then desc, then nulls first or nulls last, as far as needed",
                );
                continue;
            }
        };
        let input = match name {
            "n" if !inputs.has("n") => inputs.other(Input::Number),
            "value" if !inputs.has("value") => inputs.other(Input::Value),
            _ if inputs.has(name) => inputs.key(name),
            _ => {
                let known = inputs.table.columns.iter().map(|column| column.name.as_str());
                problems.error(
                    "no-column",
                    table,
                    word,
                    format!("the table {} of the source has no column `{name}`", inputs.table.name),
                    meant(name, known),
                );
                continue;
            }
        };
        order.push((input, descends, nulls));
    }
    order
}

fn after(spec: &TableSpec, columns: &Columns<'_>, problems: &mut Problems<'_>) -> Vec<After> {
    let mut all = Vec::new();
    for (column, rule) in &spec.after {
        let Some(counted) = columns.target_table(&rule.count, problems) else { continue };
        let mut on = Vec::new();
        for (theirs, ours) in &rule.on {
            if columns.target_column(theirs, counted, problems).is_some()
                && columns.target_column(ours, columns.to, problems).is_some()
            {
                on.push((theirs.get_ref().clone(), ours.get_ref().clone()));
            }
        }
        let mut only = Vec::new();
        for (name, value) in &rule.only {
            if columns.target_column(name, counted, problems).is_none() {
                continue;
            }
            match crate::project::mapping::given(value.get_ref()) {
                Ok(crate::project::mapping::Given::Literal(literal)) => only.push((name.get_ref().clone(), literal)),
                _ => problems.error(
                    "value",
                    columns.to.name.name.as_str(),
                    value,
                    "rows are counted by fixed values: true, 1, \"text:…\"".to_owned(),
                    "correct the value",
                ),
            }
        }
        if on.is_empty() {
            problems.error(
                "after",
                columns.to.name.name.as_str(),
                column,
                format!("it is not said which rows of {} count for a row", counted.name),
                "say on = { their_column = \"our_column\" }",
            );
        }
        all.push(After { column: column.get_ref().clone(), count: counted.name.to_string(), on, only });
    }
    all
}

/// The foreign keys of the target whose columns are filled from what is read, not looked up.
fn parents(to: &Table, target: &Schema, planned: &[Column]) -> Vec<Parent> {
    let mut parents = Vec::new();
    for key in &to.foreign_keys {
        let places: Option<Vec<usize>> =
            key.columns.iter().map(|name| planned.iter().position(|column| column.to == *name)).collect();
        let Some(columns) = places else { continue };
        let is_found = |at: &usize| planned[*at].steps.iter().any(|step| matches!(step, Step::Found { .. }));
        if columns.iter().all(is_found) {
            continue;
        }
        let parent = target
            .tables
            .iter()
            .find(|table| table.name.name.eq_ignore_ascii_case(&key.parent.name) && (table.name.schema == key.parent.schema));
        let Some(parent) = parent else { continue };
        let parent_key = if key.parent_columns.is_empty() { parent.primary_key.clone() } else { key.parent_columns.clone() };
        if parent_key.len() == columns.len() {
            parents.push(Parent { columns, table: parent.name.to_string(), key: parent_key });
        }
    }
    parents
}

/// The unique keys all of whose columns are filled.
fn unique(to: &Table, target: &Schema, planned: &[Column]) -> Vec<Vec<usize>> {
    let places = |key: Vec<String>| key.iter().map(|name| planned.iter().position(|column| column.to == *name)).collect();
    to.unique_keys(target.engine).into_iter().filter_map(places).collect()
}

/// Columns that may hold more than the target takes.
fn narrowed(
    planned: &[Column],
    inputs: &Inputs<'_>,
    from: &Table,
    source: &Schema,
    word: &Spanned<String>,
    table: &str,
    problems: &mut Problems<'_>,
) {
    for column in planned {
        let plain = column.steps.iter().all(|step| matches!(step, Step::Coalesce(_)));
        let (From::Input(input), true) = (&column.from, plain) else { continue };
        let Some(Input::Column(name)) = inputs.list.get(*input) else { continue };
        let Some(old) = from.columns.iter().find(|column| column.name == *name) else { continue };
        let what = match (kind_of(source, old), column.kind) {
            (Kind::Int(old), Kind::Int(new)) if new < old => format!("whole numbers of {old} bits become {new} bits"),
            (Kind::Text(old), Kind::Text(Some(new))) if old.is_none_or(|old| old > new) => {
                format!(
                    "text{} becomes text of at most {new} characters",
                    old.map(|old| format!(" of at most {old}")).unwrap_or_default()
                )
            }
            (old, new)
                if std::mem::discriminant(&old) != std::mem::discriminant(&new) && old != Kind::Any && new != Kind::Any =>
            {
                format!("{} becomes {}", old.word(), new.word())
            }
            _ => continue,
        };
        let text = matches!(column.kind, Kind::Text(_)) && column.fit.overlong == crate::domain::transfer::Overlong::Warn;
        let fate = if text { "go over whole, and are reported" } else { "are rejected" };
        problems.warn(
            "narrowing",
            table,
            word,
            format!("{name} → {}: {what}; rows that do not fit {fate}", column.to),
            "manage transfer dry-run lists them",
        );
    }
}

/// Tables of the source that the mapping does not name.
pub(super) fn unmapped_tables(
    mapping: &Mapping,
    options: &Options,
    source: &Schema,
    problems: &mut Problems<'_>,
    skipped: &mut Vec<Skipped>,
) {
    for table in &source.tables {
        let name = table.name.to_string();
        let named = mapping.tables.iter().any(|spec| spec.from.as_ref().is_some_and(|word| *word.get_ref() == name));
        if named {
            continue;
        }
        if options.report_unmapped {
            skipped.push(Skipped { table: name, why: "the mapping does not name it".to_owned() });
        } else {
            problems.without_place(Level::Error, "unmapped-table", &name, format!("the mapping does not say what becomes of the table {name} of the source"), format!("add a [[table]] with from = \"{name}\" and to = …, or skip_table = \"why\"; or unmapped_tables = \"report\" in [options]"));
        }
    }
}

/// Tables of the source that the mapping names twice.
pub(super) fn twice(mapping: &Mapping, problems: &mut Problems<'_>) {
    let mut seen = BTreeSet::new();
    for word in mapping.tables.iter().chain(&mapping.derived).filter_map(|spec| spec.to.as_ref()) {
        if !seen.insert(word.get_ref()) {
            problems.error(
                "twice",
                word.get_ref(),
                word,
                format!("two tables of the mapping write to `{}`", word.get_ref()),
                "leave one of them out",
            );
        }
    }
}
