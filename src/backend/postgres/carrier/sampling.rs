//! Raw rows one by one, and duplicates.

use super::PostgresCarrier;
use super::judging::Judge;
use super::source::{Part, Relation, Source, expression, literal};
use super::streaming::{Scan, select, stream};
use super::target::canonical_field as canonical_sql;
use crate::backend::basic::Basic;
use crate::backend::carrier::{DuplicateGroup, KeyDuplicates, Pick, Sampled};
use crate::backend::error::SqlError;
use crate::domain::engine::Engine;
use crate::domain::schema::{escaped_text, quoted};
use crate::domain::transfer::{Cell, Input, canonical_field, matching_text, pack};

/// So many groups are shown.
const SHOWN: usize = 20;

/// What tells a row from others.
type Ids = Vec<Cell<'static>>;

/// A raw row: what tells it from others, and what the source says of it.
type Raw = (Ids, Vec<Cell<'static>>);

pub(super) fn sample(carrier: &mut PostgresCarrier<'_>, at: usize, pick: &Pick<'_>) -> Result<Vec<Sampled>, SqlError> {
    let relation = Relation { part: Part::default(), ..carrier.relations[at].clone() };
    let target = carrier.targets[at].clone();
    let wanted: Vec<_> = target.columns.iter().map(|column| (format!("r.{}", column.name), false)).collect();
    let into = select(carrier.postgres()?, &wanted, &format!("{} AS r", target.name))?;
    let mut sampled = Vec::new();
    let picked = picked(&mut carrier.source, &relation, pick)?;
    for some in picked.chunks(SOME) {
        for raw in raw(carrier, at, &relation, some)? {
            sampled.push(one(carrier, at, &into, raw)?);
        }
    }
    Ok(sampled)
}

/// So many raw rows are read at once.
const SOME: usize = 50;

/// Raw rows by what tells them from others, straight from their table.
fn raw(carrier: &mut PostgresCarrier<'_>, at: usize, relation: &Relation, some: &[Ids]) -> Result<Vec<Raw>, SqlError> {
    let plan = &carrier.plans.clone()[at];
    let engine = carrier.source.engine();
    let conditions: Vec<_> = some
        .iter()
        .map(|ids| {
            let pairs: Vec<_> =
                relation.ids.iter().zip(ids).map(|(id, cell)| format!("{id} = {}", literal(engine, cell))).collect();
            format!("({})", pairs.join(" AND "))
        })
        .collect();
    let scan = carrier.source.scan(plan, relation, &format!("WHERE {}", conditions.join(" OR ")))?;
    let first = relation.ids.len();
    let mut found = Vec::new();
    carrier.source.stream(&scan, &mut |cells| {
        let owned = |cells: &[Cell<'_>]| cells.iter().map(|cell| cell.borrowed().into_owned()).collect::<Vec<_>>();
        found.push((owned(&cells[..first]), owned(&cells[first..])));
        Ok(())
    })?;
    Ok(found)
}

/// The rows that are picked, each once.
fn picked(source: &mut Source<'_>, relation: &Relation, pick: &Pick<'_>) -> Result<Vec<Ids>, SqlError> {
    let wanted: Vec<_> = relation.ids.iter().map(|id| (id.clone(), false)).collect();
    let ids = relation.ids.join(", ");
    let tail = match (pick, source.engine()) {
        (Pick::Value { column, value }, engine) => {
            format!("WHERE CAST(s.{} AS TEXT) = {} ORDER BY {ids}", quoted(column), literal(engine, &Cell::text(value)))
        }
        (Pick::Random { count, seed }, Engine::Postgres) => {
            let texts: Vec<_> = relation.ids.iter().map(|id| format!("({id})::text")).collect();
            let seed = *seed as i64;
            format!("ORDER BY pg_catalog.hashtextextended({}, {seed}), {ids} LIMIT {count}", texts.join(" || ' ' || "))
        }
        (Pick::Random { count, seed }, Engine::Sqlite) => {
            // Knuth's multiplier spreads neighbours; text keys are told by their length and first letter, too.
            let spread: Vec<_> = relation
                .ids
                .iter()
                .map(|id| {
                    format!(
                        "((CAST({id} AS INTEGER) + length({id}) + unicode({id}) + {}) * 2654435761 % 4294967291)",
                        seed % 65_536
                    )
                })
                .collect();
            format!("ORDER BY {}, {ids} LIMIT {count}", spread.join(" + "))
        }
    };
    let scan = source.select(&wanted, &format!("{} {tail}", relation.from))?;
    let mut found = Vec::new();
    source.stream(&scan, &mut |cells| {
        found.push(cells.iter().map(|cell| cell.borrowed().into_owned()).collect());
        Ok(())
    })?;
    Ok(found)
}

/// One raw row: what the target has to say of it is asked by queries of its own.
fn one(carrier: &mut PostgresCarrier<'_>, at: usize, into: &Scan, (ids, fields): Raw) -> Result<Sampled, SqlError> {
    let plan = &carrier.plans.clone()[at];
    let mut fields = fields.into_iter();
    let mut inputs = Vec::with_capacity(plan.inputs.len());
    for input in &plan.inputs {
        let value = match (expression(input), input) {
            (Some(_), _) => fields.next().unwrap_or(Cell::Null),
            (None, Input::Mapped { table, by }) => {
                match carrier.plans.iter().position(|other| other.from.table == *table && other.new_key.is_some()) {
                    Some(map) => {
                        let old: &Cell<'_> = &inputs[*by];
                        let sql = format!("manage_map_{map} AS m WHERE m.old = {}", escaped_text(&matching_text(old)));
                        single(carrier, "m.new", &sql)?
                    }
                    None => Cell::Null,
                }
            }
            (None, Input::Lookup { table, column, on }) => {
                let name = carrier.named(table)?;
                let mut equal = Vec::new();
                for (name_of, by) in on {
                    let value: &Cell<'_> = &inputs[*by];
                    let column = quoted(name_of);
                    // A value of another type than the column's is found nowhere.
                    let wire = carrier.wire_in(&name, name_of)?;
                    let mut canonical = Vec::new();
                    canonical_field(wire.kind(), value, &mut canonical);
                    equal.push(match String::from_utf8(canonical).ok().filter(|text| !text.contains('\0')) {
                        Some(text) if !value.is_null() => {
                            format!("{} = {}", canonical_sql(wire, &format!("l.{column}")), escaped_text(&text))
                        }
                        _ => "false".to_owned(),
                    });
                }
                single(carrier, &format!("l.{}", quoted(column)), &format!("{name} AS l WHERE {}", equal.join(" AND ")))?
            }
            (None, _) => Cell::Null,
        };
        inputs.push(value);
    }
    let key =
        plan.key_text(&inputs).unwrap_or_else(|| format!("row {}", ids.iter().map(Cell::shown).collect::<Vec<_>>().join(", ")));
    let packed = pack(&ids);
    let judged = || plan.judge_alone(&inputs, &carrier.now, &mut |_, _| {}).is_good();
    let left = (carrier.moves[at].judged && !judged()) || carrier.is_left(at, &packed)?;
    let found = in_target(carrier, at, into, &inputs)?;
    Ok(Sampled { key, inputs, left, found })
}

impl PostgresCarrier<'_> {
    /// Whether a row stayed behind: as it was told, as the stage has it, or since the rules say so.
    fn is_left(&mut self, at: usize, packed: &str) -> Result<bool, SqlError> {
        if self.moves[at].left.contains(&super::fingerprint(packed)) {
            return Ok(true);
        }
        if !self.moves[at].staged {
            return Ok(false);
        }
        let sql = format!("SELECT act::text FROM manage_stage_{at} WHERE k = $1");
        let rows = self.postgres()?.query(&sql, &[packed.into()])?;
        Ok(rows.first().and_then(|row| row.text(0)) == Some("s"))
    }
}

fn single(carrier: &mut PostgresCarrier<'_>, sql: &str, from: &str) -> Result<Cell<'static>, SqlError> {
    let session = carrier.postgres()?;
    let scan = select(session, &[(sql.to_owned(), false)], from)?;
    let mut found = Cell::Null;
    stream(session, &scan, &mut |cells| {
        found = cells[0].borrowed().into_owned();
        Ok(())
    })?;
    Ok(found)
}

/// The row of the target that a raw row means.
fn in_target(
    carrier: &mut PostgresCarrier<'_>,
    at: usize,
    into: &Scan,
    inputs: &[Cell<'static>],
) -> Result<Option<Vec<Cell<'static>>>, SqlError> {
    let (plan, now) = (&carrier.plans.clone()[at], carrier.now.clone());
    let target = carrier.targets[at].clone();
    let mut conditions = Vec::new();
    for column in &plan.matched {
        let Ok(value) = plan.columns[*column].value(inputs, &now, &mut Vec::new()) else { return Ok(None) };
        let name = &target.columns[*column].name;
        conditions.push(match value {
            Cell::Null => format!("r.{name} IS NULL"),
            value => format!("r.{name} = {}", literal(Engine::Postgres, &value)),
        });
    }
    if conditions.is_empty() {
        return Ok(None);
    }
    let scan = into.with(&format!(" WHERE {}", conditions.join(" AND ")));
    let session = carrier.postgres()?;
    let mut found = None;
    stream(session, &scan, &mut |cells| {
        found = Some(cells.iter().map(|cell| cell.borrowed().into_owned()).collect());
        Ok(())
    })?;
    Ok(found)
}

/// Duplicates in the source of each unique key of the target.
pub(super) fn duplicates(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<Vec<KeyDuplicates>, SqlError> {
    let (plans, now) = (carrier.plans.clone(), carrier.now.clone());
    let plan = &plans[at];
    let known = std::collections::HashSet::new();
    let mut judge = Judge::new(plan, &now, &known);
    judge.lenient = true;
    carrier.stage(at, &mut judge, &mut |_| Ok(()))?;
    let mut keys = plan.unique.clone();
    if !plan.matched.is_empty() && !keys.contains(&plan.matched) {
        keys.push(plan.matched.clone());
    }
    let mut all = Vec::new();
    for key in keys {
        let names: Vec<String> = key.iter().map(|column| plan.columns[*column].to.clone()).collect();
        let columns: Vec<_> = key.iter().map(|at| format!("c{at}")).collect();
        let there: Vec<_> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let columns = columns.join(", ");
        let grouped =
            format!("SELECT {columns}, count(*) AS n FROM manage_stage_{at} WHERE {} GROUP BY {columns}", there.join(" AND "));
        let rows = carrier.postgres()?.query(
            &format!(
                "SELECT coalesce(sum(n), 0)::bigint, count(*), count(*) FILTER (WHERE n > 1), coalesce(sum(n) FILTER (WHERE n > 1), 0)::bigint FROM ({grouped}) AS g"
            ),
            &[],
        )?;
        let number =
            |at| rows.first().and_then(|row| row.integer(at)).and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        let mut wanted: Vec<_> = key.iter().map(|at| (format!("g.c{at}"), false)).collect();
        wanted.push(("g.n".to_owned(), false));
        let session = carrier.postgres()?;
        let scan =
            select(session, &wanted, &format!("({grouped}) AS g WHERE g.n > 1 ORDER BY g.n DESC, {columns} LIMIT {SHOWN}"))?;
        let mut shown = Vec::new();
        stream(session, &scan, &mut |cells| {
            let (Some(Cell::Int(rows)), values) = (cells.last(), &cells[..cells.len() - 1]) else { return Ok(()) };
            let text: Vec<_> = names.iter().zip(values).map(|(name, value)| format!("{name} {}", value.shown())).collect();
            shown.push(DuplicateGroup { key: text.join(", "), rows: u64::try_from(*rows).unwrap_or_default() });
            Ok(())
        })?;
        all.push(KeyDuplicates {
            columns: names,
            rows: number(0),
            distinct: number(1),
            groups: number(2),
            in_groups: number(3),
            shown,
        });
    }
    carrier.batch(&format!("DROP TABLE manage_stage_{at}"))?;
    Ok(all)
}
