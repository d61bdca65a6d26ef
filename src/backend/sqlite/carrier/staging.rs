//! Rows sorted into new ones, those that are there already, and duplicates.
//!
//! A row of the stage is one good row of the source: `o` its place in the mapping's order, `k` its row in the source,
//! `m0 …` the values by which the target is searched, `t` the key of the row that is there, `new` the key it gets,
//! `first` the row of the stage whose key it shares, `act` what becomes of it: `i` inserted, `u` there already, `s` left.

use std::fmt::Write as _;

use super::super::errors::translate;
use super::SqliteCarrier;
use super::functions::cell;
use super::moving::{Sink, Told};
use crate::backend::carrier::{Fate, Moved};
use crate::backend::error::SqlError;
use crate::domain::schema::quoted;
use crate::domain::transfer::{Cell, Conflict, Duplicates, From, Literal, Moment, TablePlan, pack};

pub(super) fn stage(carrier: &mut SqliteCarrier<'_>, at: usize, moved: &mut Moved, left: Sink<'_>) -> Result<(), SqlError> {
    carrier.staged[at] = true;
    checks(carrier, at, moved, left)?;
    unique(carrier, at, moved, left)?;
    fill(carrier, at)?;
    duplicates(carrier, at, moved, left)?;
    present(carrier, at, moved, left)?;
    draw_keys(carrier, at)?;
    write(carrier, at, moved)
}

/// The column and the message of a row, from its inputs and what else the query gives.
type Say<'a> = dyn Fn(&[Cell<'_>], &[Cell<'_>]) -> (String, String) + 'a;

/// Rows that a query finds: the row, the inputs, then `extras`. Each is told and left.
fn leave_rows(
    carrier: &SqliteCarrier<'_>,
    at: usize,
    sql: &str,
    fate: Fate,
    rule: &str,
    say: &Say<'_>,
    left: Sink<'_>,
) -> Result<u64, SqlError> {
    let table = carrier.plan(at);
    let inputs = table.inputs.len();
    let mut statement = carrier.view()?.prepare(sql).map_err(translate)?;
    let extras = statement.column_count() - 1 - inputs;
    let mut rows = statement.query([]).map_err(translate)?;
    let mut count = 0;
    while let Some(row) = rows.next().map_err(translate)? {
        let mut cells = Vec::with_capacity(1 + inputs + extras);
        for place in 0..1 + inputs + extras {
            cells.push(cell(row.get_ref(place).map_err(translate)?));
        }
        let told = Told { table, at, number: &cells[0], inputs: &cells[1..=inputs] };
        let (column, message) = say(&cells[1..=inputs], &cells[1 + inputs..]);
        told.tell(fate, &column, rule, &message, left)?;
        told.leave(carrier)?;
        count += 1;
    }
    Ok(count)
}

/// The names and values of some columns in a row of the source: `name 'yeli'`.
fn named(table: &TablePlan, columns: &[usize], inputs: &[Cell<'_>], now: &Moment) -> (String, String) {
    let mut values = String::new();
    let mut names = Vec::new();
    for at in columns {
        let column = &table.columns[*at];
        let value = column.value(inputs, now, &mut Vec::new()).map_or_else(|_| "?".to_owned(), |cell| cell.shown());
        let _ = write!(values, "{}{} {value}", if names.is_empty() { "" } else { ", " }, column.to);
        names.push(column.to.as_str());
    }
    (names.join(", "), values)
}

/// Rows that the target's CHECK constraints refuse.
fn checks(carrier: &SqliteCarrier<'_>, at: usize, moved: &mut Moved, left: Sink<'_>) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    for check in &table.checks {
        let sql = carrier.with_sql(at, |sql| {
            let columns =
                table.columns.iter().enumerate().map(|(place, column)| format!("{} AS {}", sql.value(place), quoted(&column.to)));
            let others = table
                .left_out
                .iter()
                .map(|(name, default)| format!("({}) AS {}", default.as_deref().unwrap_or("NULL"), quoted(name)));
            let columns: Vec<_> = columns.chain(others).collect();
            let inputs: Vec<_> =
                (0..table.inputs.len()).map(|input| format!("{} AS manage_in{input}", sql.input(input))).collect();
            let names: Vec<_> = (0..table.inputs.len()).map(|input| format!("manage_in{input}")).collect();
            format!(
                "SELECT {} FROM (SELECT {} AS manage_k, {}, {} FROM {} WHERE {}) WHERE (({check}) IS NOT NULL AND NOT ({check}))",
                std::iter::once("manage_k".to_owned()).chain(names).collect::<Vec<_>>().join(", "),
                sql.row,
                inputs.join(", "),
                columns.join(", "),
                sql.from(),
                sql.not_left(),
            )
        });
        let say = |_: &[Cell<'_>], _: &[Cell<'_>]| (String::new(), format!("breaks CHECK {check}"));
        moved.rejected += leave_rows(carrier, at, &sql, Fate::Rejected, "check", &say, left)?;
    }
    Ok(())
}

/// Rows that share a unique key which is not the one that rows are found by.
fn unique(carrier: &SqliteCarrier<'_>, at: usize, moved: &mut Moved, left: Sink<'_>) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let now = &carrier.shared.now;
    for key in table
        .unique
        .iter()
        .filter(|key| key.iter().any(|column| !table.matched.contains(column)) || key.len() != table.matched.len())
    {
        let is_drawn = |column: &usize| table.new_key.as_ref().is_some_and(|new| new.column == table.columns[*column].to);
        if key.iter().any(is_drawn) {
            continue;
        }
        let (group, clash) = carrier.with_sql(at, |sql| {
            let collated = |column: &usize| table.columns[*column].collation.as_ref().map_or_else(|| sql.value(*column), |name| format!("{} COLLATE {name}", sql.value(*column)));
            let values: Vec<_> = key.iter().map(collated).collect();
            let there: Vec<_> = values.iter().map(|value| format!("{value} IS NOT NULL")).collect();
            let inner = format!(
                "SELECT {}{}, count(*) OVER (PARTITION BY {}) AS manage_n FROM {} WHERE {} AND {}",
                sql.row,
                (0..table.inputs.len()).map(|input| format!(", {} AS manage_in{input}", sql.input(input))).collect::<String>(),
                values.join(", "),
                sql.from(),
                sql.not_left(),
                there.join(" AND "),
            );
            let equal: Vec<_> = key.iter().map(|column| format!("r.{} = {}", quoted(&table.columns[*column].to), sql.value(*column))).collect();
            let same: Vec<_> = table.matched.iter().map(|column| format!("r.{} IS {}", quoted(&table.columns[*column].to), sql.value(*column))).collect();
            let clash = format!(
                "SELECT {}{}, (SELECT manage_pack({}) FROM {} AS r WHERE {} AND NOT ({}) LIMIT 1) AS manage_other FROM {} WHERE {} AND manage_other IS NOT NULL",
                sql.row,
                sql.inputs(),
                sql.target_key("r"),
                sql.target(),
                equal.join(" AND "),
                same.join(" AND "),
                sql.from(),
                sql.not_left(),
            );
            (format!("SELECT * FROM ({inner}) WHERE manage_n > 1"), clash)
        });
        let several = |inputs: &[Cell<'_>], extras: &[Cell<'_>]| {
            let (names, values) = named(table, key, inputs, now);
            let count = extras.first().map(Cell::shown).unwrap_or_default();
            (names, format!("{count} rows have {values}, and only one may"))
        };
        moved.rejected += leave_rows(carrier, at, &group, Fate::Rejected, "duplicate", &several, left)?;
        let taken = |inputs: &[Cell<'_>], _: &[Cell<'_>]| {
            let (names, values) = named(table, key, inputs, now);
            (names, format!("{values} belongs to another row of {} already", table.to))
        };
        moved.rejected += leave_rows(carrier, at, &clash, Fate::Rejected, "unique", &taken, left)?;
    }
    Ok(())
}

fn fill(carrier: &SqliteCarrier<'_>, at: usize) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let matched = &table.matched;
    let (declared, names): (String, String) =
        matched.iter().enumerate().fold(Default::default(), |(mut declared, mut names), (number, column)| {
            let collation = table.columns[*column].collation.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
            let _ = write!(declared, ", m{number}{collation}");
            let _ = write!(names, ", m{number}");
            (declared, names)
        });
    carrier.batch(&format!(
        "CREATE TEMP TABLE manage_stage_{at} (o INTEGER PRIMARY KEY, k{declared}, act TEXT NOT NULL, t, new, first INTEGER)"
    ))?;
    let sql = carrier.with_sql(at, |sql| {
        let values: String = matched.iter().map(|column| format!(", {}", sql.value(*column))).collect();
        format!(
            "INSERT INTO temp.manage_stage_{at} (k{names}, act) SELECT {}{values}, 'i' FROM {} WHERE {} {}",
            sql.row,
            sql.from(),
            sql.not_left(),
            sql.order()
        )
    });
    carrier.execute(&sql)?;
    let keys = names.trim_start_matches(", ");
    carrier.batch(&format!("CREATE INDEX temp.manage_stage_{at}_k ON manage_stage_{at} (k)"))?;
    if !keys.is_empty() {
        carrier.batch(&format!("CREATE INDEX temp.manage_stage_{at}_m ON manage_stage_{at} ({keys})"))?;
    }
    Ok(())
}

/// Rows of the source that share the key by which rows are found.
fn duplicates(carrier: &SqliteCarrier<'_>, at: usize, moved: &mut Moved, left: Sink<'_>) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let matched = &table.matched;
    if matched.is_empty() {
        return Ok(());
    }
    let stage = format!("temp.manage_stage_{at}");
    let keys: Vec<_> = (0..matched.len()).map(|number| format!("m{number}")).collect();
    let there: Vec<_> = keys.iter().map(|key| format!("{key} IS NOT NULL")).collect();
    let chosen = if table.duplicates == Duplicates::Last { "max" } else { "min" };
    let keys = keys.join(", ");
    carrier.execute(&format!(
        "UPDATE {stage} AS st SET first = g.first FROM (SELECT {keys}, {chosen}(o) AS first FROM {stage} WHERE {} GROUP BY {keys} HAVING count(*) > 1) AS g WHERE {}",
        there.join(" AND "),
        (0..matched.len()).map(|number| format!("st.m{number} = g.m{number}")).collect::<Vec<_>>().join(" AND "),
    ))?;
    if carrier.number(&format!("SELECT count(*) FROM {stage} WHERE first IS NOT NULL"))? == 0 {
        return Ok(());
    }
    let rejects = table.duplicates == Duplicates::Reject;
    let which = if rejects { "" } else { " AND st.o <> st.first" };
    let sql = carrier.with_sql(at, |sql| {
        format!(
            "SELECT {}{}, f.k FROM {stage} AS st CROSS JOIN {} ON {} = st.k{} JOIN {stage} AS f ON f.o = st.first WHERE st.first IS NOT NULL{which} ORDER BY st.o",
            sql.row,
            sql.inputs(),
            sql.rows(),
            sql.row,
            sql.maps(),
        )
    });
    let now = &carrier.shared.now;
    let say = |inputs: &[Cell<'_>], extras: &[Cell<'_>]| {
        let (names, values) = named(table, matched, inputs, now);
        let first = extras.first().map(Cell::shown).unwrap_or_default();
        let message = match table.duplicates {
            Duplicates::Reject => format!("several rows have {values}, and which one is right cannot be told"),
            Duplicates::First => format!("{values} is that of row {first}, which comes first"),
            Duplicates::Last => format!("{values} is that of row {first}, which comes last"),
        };
        (names, message)
    };
    let fate = if rejects { Fate::Rejected } else { Fate::Skipped };
    let count = leave_rows(carrier, at, &sql, fate, "duplicate", &say, left)?;
    if rejects {
        moved.rejected += count;
    } else {
        moved.skipped += count;
    }
    carrier.execute(&format!("UPDATE {stage} AS st SET act = 's' WHERE first IS NOT NULL{which}"))?;
    Ok(())
}

/// Rows that the target has already.
fn present(carrier: &SqliteCarrier<'_>, at: usize, moved: &mut Moved, left: Sink<'_>) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    if moved.before == 0 || table.matched.is_empty() {
        return Ok(());
    }
    let stage = format!("temp.manage_stage_{at}");
    let found = match &table.new_key {
        Some(new) => format!("r.{}", quoted(&new.column)),
        None => "1".to_owned(),
    };
    let (target, matches) = carrier.with_sql(at, |sql| (sql.target(), sql.matches("r", "st")));
    carrier.execute(&format!("UPDATE {stage} AS st SET t = {found} FROM {target} AS r WHERE {matches}"))?;
    let now = &carrier.shared.now;
    let say = |inputs: &[Cell<'_>], _: &[Cell<'_>]| {
        let (names, values) = named(table, &table.matched, inputs, now);
        (names, format!("{} has {values} already", table.to))
    };
    let sql = carrier.with_sql(at, |sql| {
        format!(
            "SELECT {}{} FROM {stage} AS st CROSS JOIN {} ON {} = st.k{} WHERE st.act = 'i' AND st.t IS NOT NULL ORDER BY st.o",
            sql.row,
            sql.inputs(),
            sql.rows(),
            sql.row,
            sql.maps(),
        )
    });
    let act = match table.conflict {
        Conflict::Skip => {
            moved.skipped += leave_rows(carrier, at, &sql, Fate::Skipped, "exists", &say, left)?;
            "s"
        }
        Conflict::Error => {
            moved.rejected += leave_rows(carrier, at, &sql, Fate::Rejected, "exists", &say, left)?;
            "s"
        }
        Conflict::Update | Conflict::Replace => "u",
    };
    carrier.execute(&format!("UPDATE {stage} SET act = '{act}' WHERE act = 'i' AND t IS NOT NULL"))?;
    Ok(())
}

/// Draws new keys, after all that the target ever drew, and notes which old key became which new one.
fn draw_keys(carrier: &SqliteCarrier<'_>, at: usize) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let Some(new) = &table.new_key else { return Ok(()) };
    let (stage, target) = (format!("temp.manage_stage_{at}"), quoted(&table.to));
    let mut highest = carrier.number(&format!("SELECT coalesce(max({}), 0) FROM main.{target}", quoted(&new.column)))?;
    // AUTOINCREMENT draws no key twice, not even that of a row that is gone.
    if carrier.number("SELECT count(*) FROM main.sqlite_schema WHERE name = 'sqlite_sequence'")? > 0 {
        let drawn = carrier.strings("SELECT CAST(seq AS TEXT) FROM main.sqlite_sequence WHERE name = $1", &table.to)?;
        highest = drawn.first().and_then(|text| text.parse().ok()).unwrap_or(0).max(highest);
    }
    carrier.execute(&format!(
        "UPDATE {stage} AS st SET new = {highest} + n.n FROM (SELECT o, row_number() OVER (ORDER BY o) AS n FROM {stage} WHERE act = 'i') AS n WHERE n.o = st.o"
    ))?;
    carrier.batch(&format!("CREATE TEMP TABLE manage_map_{at} (old PRIMARY KEY, new)"))?;
    let old = carrier.with_sql(at, |sql| sql.input(new.old));
    let sql = carrier.with_sql(at, |sql| {
        format!(
            "INSERT INTO temp.manage_map_{at} SELECT {old}, coalesce(st.t, st.new, f.t, f.new) FROM {stage} AS st CROSS JOIN {} ON {} = st.k \
             LEFT JOIN {stage} AS f ON f.o = st.first WHERE coalesce(st.t, st.new, f.t, f.new) IS NOT NULL",
            sql.rows(),
            sql.row
        )
    });
    carrier.execute(&sql)?;
    Ok(())
}

fn write(carrier: &mut SqliteCarrier<'_>, at: usize, moved: &mut Moved) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let stage = format!("temp.manage_stage_{at}");
    let insert = carrier.with_sql(at, |sql| {
        let mut columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.to)).collect();
        let mut values: Vec<_> = (0..columns.len()).map(|column| sql.value(column)).collect();
        if let Some(new) = &table.new_key {
            columns.push(quoted(&new.column));
            values.push("st.new".to_owned());
        }
        format!(
            "INSERT OR ABORT INTO {} ({}) SELECT {} FROM {stage} AS st CROSS JOIN {} ON {} = st.k{} WHERE st.act = 'i' ORDER BY st.o",
            sql.target(),
            columns.join(", "),
            values.join(", "),
            sql.rows(),
            sql.row,
            sql.maps(),
        )
    });
    moved.inserted = carrier.execute(&insert)?;
    let present = carrier.number(&format!("SELECT count(*) FROM {stage} WHERE act = 'u'"))?;
    if present > 0 {
        moved.updated = update(carrier, at)?;
        moved.unchanged = u64::try_from(present).unwrap_or_default() - moved.updated;
    }
    Ok(())
}

/// Brings rows up to date that are there, and keeps what they were.
fn update(carrier: &SqliteCarrier<'_>, at: usize) -> Result<u64, SqlError> {
    let table = carrier.plan(at);
    let stage = format!("temp.manage_stage_{at}");
    let (image, update) = carrier.with_sql(at, |sql| {
        let columns = sql.updatable();
        if columns.is_empty() {
            return (String::new(), String::new());
        }
        let names: Vec<_> = columns.iter().map(|column| table.columns[*column].to.as_str()).collect();
        let values: Vec<_> = columns.iter().map(|column| sql.value_for_present(*column)).collect();
        // Equal is what is stored alike, whatever the column's collation calls equal.
        let differ: Vec<_> = names.iter().zip(&values).map(|(name, value)| format!("r.{} IS NOT {value} COLLATE BINARY", quoted(name))).collect();
        let mut condition = format!("st.act = 'u' AND {} AND ({})", sql.matches("r", "st"), differ.join(" OR "));
        for (name, given) in &table.update_only_if {
            let _ = write!(condition, " AND r.{} IS {}", quoted(name), given_sql(given, at, name, sql));
        }
        let from = format!("{stage} AS st CROSS JOIN {} ON {} = st.k{}", sql.rows(), sql.row, sql.maps());
        let packed = pack(&names.iter().map(|name| Cell::text(name)).collect::<Vec<_>>());
        let olds: Vec<_> = names.iter().map(|name| format!("r.{}", quoted(name))).collect();
        let set: Vec<_> = names.iter().zip(&values).map(|(name, value)| format!("{} = {value}", quoted(name))).collect();
        let image = format!(
            "INSERT INTO temp.manage_image SELECT {at}, manage_pack({}), {}, manage_pack({}), manage_pack({}) FROM {from} JOIN {} AS r WHERE {condition}",
            sql.target_key("r"),
            super::sql::literal_sql(&Literal::Text(packed), ""),
            olds.join(", "),
            values.join(", "),
            sql.target(),
        );
        (image, format!("UPDATE OR ABORT {} AS r SET {} FROM {from} WHERE {condition}", sql.target(), set.join(", ")))
    });
    if image.is_empty() {
        return Ok(0);
    }
    carrier.execute(&image)?;
    carrier.execute(&update)
}

/// The value that a row which is there has to have.
fn given_sql(given: &From, at: usize, name: &str, sql: &super::sql::Sql<'_>) -> String {
    let table = &sql.tables[at];
    match given {
        From::Literal(literal) => super::sql::literal_sql(literal, sql.now),
        From::Input(input) => sql.input(*input),
        // A text that is put together is that of a column.
        From::Text(_) => table
            .columns
            .iter()
            .position(|column| column.to == name && column.from == *given)
            .map_or_else(|| "NULL".to_owned(), |column| sql.value(column)),
    }
}

/// Finds the new keys again by which an earlier transfer has mapped old ones.
pub(super) fn remap(carrier: &SqliteCarrier<'_>, at: usize) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let Some(new) = &table.new_key else { return Ok(()) };
    carrier.batch(&format!("CREATE TEMP TABLE manage_map_{at} (old PRIMARY KEY, new)"))?;
    let sql = carrier.with_careful_sql(at, |sql| {
        let matches: Vec<_> = table
            .matched
            .iter()
            .map(|column| format!("r.{} = {}", quoted(&table.columns[*column].to), sql.value(*column)))
            .collect();
        format!(
            "INSERT OR IGNORE INTO temp.manage_map_{at} SELECT {}, r.{} FROM {} JOIN {} AS r ON {}",
            sql.input(new.old),
            quoted(&new.column),
            sql.from(),
            sql.target(),
            matches.join(" AND "),
        )
    });
    carrier.shared.lenient.store(true, std::sync::atomic::Ordering::Relaxed);
    let done = carrier.execute(&sql);
    carrier.shared.lenient.store(false, std::sync::atomic::Ordering::Relaxed);
    done.map(drop)
}
