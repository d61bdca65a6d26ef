//! `schema.rs` against the migrations, and one database against the other.

use diesel::prelude::*;
use manage::platform::schema;

use super::database::{Column, Database, Postgres, Sqlite, each_database};

const SCHEMA_RS: &str = include_str!("../../src/platform/schema.rs");

/// The columns that `schema.rs` declares, in its order.
fn declared() -> Vec<Column> {
    let mut table = String::new();
    let mut columns = Vec::new();
    for line in SCHEMA_RS.lines() {
        if let Some((name, _)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            table = name.trim().to_owned();
        } else if let Some((name, sql_type)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) {
            let (name, sql_type) = (name.trim().to_owned(), sql_type.to_owned());
            columns.push(Column { table: table.clone(), name, sql_type });
        }
    }
    columns
}

each_database! {
    fn schema_rs_says_what_the_migrations_make(db: &mut dyn Database) {
        db.up_all();

        assert_eq!(db.columns(), declared());
    }
}

#[test]
fn both_databases_have_the_same_columns() {
    let (mut sqlite, mut postgres) = (Sqlite::new(), Postgres::new());
    (&mut sqlite as &mut dyn Database).up_all();
    (&mut postgres as &mut dyn Database).up_all();

    assert_eq!(sqlite.columns(), postgres.columns());
}

#[test]
fn diesel_selects_every_column_of_every_table() {
    let mut sqlite = Sqlite::new();
    (&mut sqlite as &mut dyn Database).up_all();

    macro_rules! select_from {
        ($($table:ident)*) => {
            [$({
                let every = schema::$table::table.select(schema::$table::all_columns);
                every.execute(&mut sqlite.connection).expect(stringify!($table));
                stringify!($table)
            }),*]
        };
    }
    let selected = select_from! {
        accounts ai_keys ai_prompts api_request_log clusters content content_ideas content_taxonomy countries
        credit_balances credit_usage_log keywords sectors site_integrations sites tasks taxonomy_terms
    };

    let mut tables: Vec<_> = declared().into_iter().map(|column| column.table).collect();
    tables.dedup();
    assert_eq!(selected.to_vec(), tables);
}
