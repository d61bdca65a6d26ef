//! The statements of one table's move, as text.

use crate::domain::schema::{quoted, quoted_text};
use crate::domain::transfer::{Column, From, Input, Kind, Literal, Step, TablePlan};

/// The texts of one table. The source's row is `s`, the target's `r`, the staged one `st`.
pub(super) struct Sql<'a> {
    pub(super) at: usize,
    pub(super) tables: &'a [TablePlan],
    /// The columns that were changed in any row; all of them where that is not known.
    pub(super) changed: &'a [bool],
    /// How the source's rows are told from one another.
    pub(super) row: &'a str,
    pub(super) now: &'a str,
}

impl Sql<'_> {
    fn table(&self) -> &TablePlan {
        &self.tables[self.at]
    }

    /// The table of the target.
    pub(super) fn target(&self) -> String {
        format!("main.{}", quoted(&self.table().to))
    }

    /// Where rows are read, with the maps of new keys that they need.
    pub(super) fn from(&self) -> String {
        format!("{}{}", self.rows(), self.maps())
    }

    /// Where rows are read.
    pub(super) fn rows(&self) -> String {
        match &self.table().from.unpivot {
            Some(_) => format!("temp.manage_derived_{} AS s", self.at),
            None => format!("source.{} AS s", quoted(&self.table().from.table)),
        }
    }

    /// The joins with the maps of new keys.
    pub(super) fn maps(&self) -> String {
        let mut joins = String::new();
        for (at, input) in self.table().inputs.iter().enumerate() {
            let Input::Mapped { table, by } = input else { continue };
            if let Some(of) = self.mapped(table) {
                joins.push_str(&format!(" LEFT JOIN temp.manage_map_{of} AS m{at} ON m{at}.old = {}", self.input(*by)));
            }
        }
        joins
    }

    fn mapped(&self, table: &str) -> Option<usize> {
        self.tables.iter().position(|other| other.from.table == table && other.new_key.is_some())
    }

    /// An input.
    pub(super) fn input(&self, at: usize) -> String {
        match &self.table().inputs[at] {
            Input::Column(name) => format!("s.{}", quoted(name)),
            Input::Sql(text) => format!("({text})"),
            Input::Mapped { table, .. } => self.mapped(table).map_or_else(|| "NULL".to_owned(), |_| format!("m{at}.new")),
            Input::Lookup { table, column, on } => {
                let on: Vec<_> = on.iter().map(|(name, input)| format!("l.{} = {}", quoted(name), self.input(*input))).collect();
                format!("(SELECT l.{} FROM main.{} AS l WHERE {})", quoted(column), quoted(table), on.join(" AND "))
            }
            Input::Number => "s.manage_n".to_owned(),
            Input::Value => "s.manage_value".to_owned(),
        }
    }

    /// All inputs, each after a comma.
    pub(super) fn inputs(&self) -> String {
        (0..self.table().inputs.len()).map(|at| format!(", {}", self.input(at))).collect()
    }

    /// Whether each parent is there, each after a comma. Only for lenient looks.
    pub(super) fn parents(&self) -> String {
        let table = self.table();
        let one = |parent: &crate::domain::transfer::Parent| {
            let equal = |prefix: &str, names: &[String]| -> String {
                let pairs = parent.columns.iter().zip(names);
                pairs
                    .map(|(at, name)| format!("{prefix}.{} = {}", quoted(name), self.lenient_value(*at)))
                    .collect::<Vec<_>>()
                    .join(" AND ")
            };
            let there = format!("EXISTS (SELECT 1 FROM main.{} AS p WHERE {})", quoted(&parent.table), equal("p", &parent.key));
            // A row of the same table goes over with this one; where its key changes on the way the look afterwards tells.
            let sources: Option<Vec<String>> = parent
                .key
                .iter()
                .map(|name| {
                    let column = table.columns.iter().find(|column| column.to == *name)?;
                    match &table.inputs[column.is_plain()?] {
                        Input::Column(name) => Some(name.clone()),
                        _ => None,
                    }
                })
                .collect();
            match (parent.table == table.to, sources) {
                (false, _) => there,
                (true, Some(names)) if table.from.unpivot.is_none() => {
                    format!(
                        "({there} OR EXISTS (SELECT 1 FROM source.{} AS p WHERE {}))",
                        quoted(&table.from.table),
                        equal("p", &names)
                    )
                }
                (true, _) => "1".to_owned(),
            }
        };
        table.parents.iter().map(|parent| format!(", {}", one(parent))).collect()
    }

    /// The value of a column: what is read, where no row needs more.
    pub(super) fn value(&self, at: usize) -> String {
        let column = &self.table().columns[at];
        if let Some(plain) = self.plain(at, column) {
            return plain;
        }
        format!("manage_value({}, {at}{})", self.at, self.used(column))
    }

    /// As [`Sql::value`], where what cannot be converted is NULL. Most parents are found by a whole number, of which
    /// SQLite can tell that itself.
    fn lenient_value(&self, at: usize) -> String {
        let column = &self.table().columns[at];
        match column.is_plain() {
            Some(input) if column.kind == Kind::Int(64) => {
                let input = self.input(input);
                format!("CASE WHEN typeof({input}) = 'integer' THEN {input} END")
            }
            _ => self.value(at),
        }
    }

    /// As [`Sql::value`], for a row that is there: what would come from the clock stays as it is.
    pub(super) fn value_for_present(&self, at: usize) -> String {
        let table = self.table();
        let column = &table.columns[at];
        let there = format!("r.{}", quoted(&column.to));
        let kept = column.may_come_from_the_clock() || !table.null_overwrites && column.fills_in();
        let value = if kept { format!("manage_kept({}, {at}, {there}{})", self.at, self.used(column)) } else { self.value(at) };
        if table.null_overwrites { value } else { format!("coalesce({value}, {there})") }
    }

    fn used(&self, column: &Column) -> String {
        column.uses().into_iter().map(|input| format!(", {}", self.input(input))).collect()
    }

    fn plain(&self, at: usize, column: &Column) -> Option<String> {
        match (&column.from, column.steps.as_slice()) {
            (From::Literal(literal), []) => Some(literal_sql(literal, self.now)),
            (From::Input(input), [Step::IsNotNull]) => Some(format!("({} IS NOT NULL)", self.input(*input))),
            // Every row was looked at, and what is written was in every one of them what was read.
            (From::Input(input), _) if self.changed.get(at) == Some(&false) => Some(self.input(*input)),
            _ => None,
        }
    }

    /// `ORDER BY` the mapping's order, then that of the source.
    pub(super) fn order(&self) -> String {
        let mut terms: Vec<String> = self
            .table()
            .order
            .iter()
            .map(|(input, descends, nulls)| {
                let way = if *descends { " DESC" } else { "" };
                let nulls = match nulls {
                    Some(true) => " NULLS FIRST",
                    Some(false) => " NULLS LAST",
                    None => "",
                };
                format!("{}{way}{nulls}", self.input(*input))
            })
            .collect();
        terms.push(self.row.to_owned());
        format!("ORDER BY {}", terms.join(", "))
    }

    /// Which rows of the target a staged one means.
    pub(super) fn matches(&self, row: &str, staged: &str) -> String {
        let matched = &self.table().matched;
        let pair = |(number, at): (usize, &usize)| {
            let column = &self.table().columns[*at];
            // NULL is found, too.
            let sign = if column.nullable { "IS" } else { "=" };
            format!("{row}.{} {sign} {staged}.m{number}", quoted(&column.to))
        };
        matched.iter().enumerate().map(pair).collect::<Vec<_>>().join(" AND ")
    }

    /// The columns that are brought up to date in a row that is there.
    pub(super) fn updatable(&self) -> Vec<usize> {
        self.table().updatable().collect()
    }

    /// What tells the target's rows from one another.
    pub(super) fn target_key(&self, row: &str) -> String {
        let key = &self.table().target_key;
        if key.is_empty() {
            return format!("{row}.rowid");
        }
        key.iter().map(|name| format!("{row}.{}", quoted(name))).collect::<Vec<_>>().join(", ")
    }

    /// Rows that nothing keeps back.
    pub(super) fn not_left(&self) -> String {
        format!("{} NOT IN (SELECT k FROM temp.manage_left WHERE t = {})", self.row, self.at)
    }
}

/// A value as SQLite reads it.
pub(super) fn literal_sql(literal: &Literal, now: &str) -> String {
    match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Bool(value) => i64::from(*value).to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Real(value) => format!("{value:e}"),
        Literal::Text(value) => quoted_text(value),
        Literal::Now => quoted_text(now),
    }
}
