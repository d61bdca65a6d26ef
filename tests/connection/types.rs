//! Types beyond the built-in ones, and plans that go stale.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use manage::backend::Basic;
use manage::domain::value::Value;
use std::io::Write;

use super::server::fresh;

#[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "mood"))]
pub struct MoodType;

#[derive(Debug, Clone, Copy, PartialEq, FromSqlRow, AsExpression)]
#[diesel(sql_type = MoodType)]
enum Mood {
    Happy,
    Sad,
}

impl ToSql<MoodType, Pg> for Mood {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(if *self == Mood::Happy { b"happy" } else { b"sad" })?;
        Ok(IsNull::No)
    }
}

impl FromSql<MoodType, Pg> for Mood {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            b"happy" => Ok(Mood::Happy),
            b"sad" => Ok(Mood::Sad),
            _ => Err("no such mood".into()),
        }
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::MoodType;
    people (id) {
        id -> Int4,
        mood -> MoodType,
        moods -> Array<MoodType>,
        numbers -> Array<Nullable<Int4>>,
        born -> Nullable<Date>,
        seen -> Nullable<Timestamptz>,
    }
}

const PEOPLE: &str = "CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE TABLE people (id int PRIMARY KEY, mood mood NOT NULL, moods mood[] NOT NULL, numbers int[] NOT NULL, \
    born date, seen timestamptz)";

#[test]
fn enums_and_arrays_are_binds_and_results() {
    let (_server, _, mut session) = fresh();
    session.execute(PEOPLE).expect("a type and a table");
    let born = chrono::NaiveDate::from_ymd_opt(1999, 12, 31);

    diesel::insert_into(people::table)
        .values((
            people::id.eq(1),
            people::mood.eq(Mood::Sad),
            people::moods.eq(vec![Mood::Happy, Mood::Sad]),
            people::numbers.eq(vec![Some(1), None]),
            people::born.eq(born),
        ))
        .execute(&mut session)
        .expect("a row");
    let read = people::table.filter(people::mood.eq(Mood::Sad)).select((people::moods, people::numbers, people::born)).first::<(
        Vec<Mood>,
        Vec<Option<i32>>,
        Option<chrono::NaiveDate>,
    )>(
        &mut session,
    );

    assert_eq!(read, Ok((vec![Mood::Happy, Mood::Sad], vec![Some(1), None], born)));
}

#[test]
fn many_rows_of_an_enum_do_not_hang() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')").expect("a type");

    let rows = session.query("SELECT 'sad'::mood AS m FROM generate_series(1, 5000)", &[]).expect("rows");

    assert_eq!((rows.len(), rows[4999].text(0)), (5000, Some("sad")));
}

#[test]
fn a_type_made_anew_is_looked_up_anew() {
    let (_server, _, mut session) = fresh();
    session.execute(PEOPLE).expect("a type and a table");
    let insert = |session: &mut _, id: i32| {
        diesel::insert_into(people::table)
            .values((
                people::id.eq(id),
                people::mood.eq(Mood::Happy),
                people::moods.eq(vec![Mood::Happy]),
                people::numbers.eq(vec![Some(1)]),
            ))
            .execute(session)
    };
    assert_eq!(insert(&mut session, 1), Ok(1));

    session.execute(&format!("DROP TABLE people; DROP TYPE mood; {PEOPLE}")).expect("the same, anew");

    assert_eq!(insert(&mut session, 1), Ok(1));
}

#[test]
fn plans_do_not_go_stale_with_ddl() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)").expect("a table");
    assert_eq!(session.query("SELECT * FROM t", &[]).expect("rows")[0].values, [Value::Integer(1)]);

    session.execute("ALTER TABLE t ALTER a TYPE text, ADD b bool DEFAULT true").expect("DDL");

    assert_eq!(session.query("SELECT * FROM t", &[]).expect("rows")[0].values, [Value::from("1"), Value::Bool(true)]);
}

#[test]
fn a_plan_made_stale_by_another_session_heals_itself() {
    let (server, name, mut session) = fresh();
    session.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)").expect("a table");
    session.query("SELECT * FROM t", &[]).expect("rows");

    server.admin(&name).execute("ALTER TABLE t ADD b int").expect("DDL");
    let first = session.query("SELECT * FROM t", &[]);
    let second = session.query("SELECT * FROM t", &[]).expect("rows");

    assert!(first.is_ok() || first.is_err_and(|error| error.message.contains("cached plan")));
    assert_eq!(second[0].values.len(), 2);
}

/// What the server writes is what we write, for every type that is read as text.
#[test]
fn text_forms_are_the_servers_own() {
    let (_server, _, mut session) = fresh();
    session
        .execute(
            "SET TimeZone = 'UTC'; CREATE DOMAIN short AS varchar(9); CREATE TYPE mood AS ENUM ('happy', 'very sad');
             CREATE EXTENSION IF NOT EXISTS citext",
        )
        .expect("types");
    let literals = [
        "12345.6789::numeric",
        "0::numeric",
        "-0.00012::numeric",
        "1e20::numeric",
        "10000::numeric(9,2)",
        "'NaN'::numeric",
        "'infinity'::numeric",
        "0.5::numeric(5,3)",
        "100000000.00000001::numeric",
        "-1::numeric",
        "'2026-11-21'::date",
        "'infinity'::date",
        "'0044-03-15 BC'::date",
        "'12026-01-01'::date",
        "'2026-11-21 10:20:30'::timestamp",
        "'2026-11-21 10:20:30.5'::timestamp",
        "'-infinity'::timestamp",
        "'0001-12-31 23:59:59.000001 BC'::timestamp",
        "'2026-11-21 10:20:00.120000+02'::timestamptz",
        "'10:00'::time",
        "'24:00'::time",
        "'10:00:00.000001'::time",
        "'00:00:10'::time",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "'{\"a\":  [1]}'::json",
        "'{\"a\":  [1]}'::jsonb",
        "'x'::\"char\"",
        "'n'::name",
        "'abc'::short",
        "'a  '::char(5)",
        "'very sad'::mood",
        "'CiText'::citext",
        "''::text",
        "'<a/>'::xml",
        "ARRAY[1,NULL,3]",
        "'{}'::int[]",
        "ARRAY['a b','c,d','\"e\"','\\f','','NULL','g{}']",
        "ARRAY[[1,2],[3,4]]",
        "'[2:3]={5,6}'::int[]",
        "ARRAY[1.50,2]::numeric[]",
        "ARRAY[true,false]",
        "ARRAY['very sad']::mood[]",
        "ARRAY['2026-11-21 10:00'::timestamp]",
        "ARRAY['a','b']::name[]",
        "ARRAY[1.5,-0.25]::float8[]",
    ];

    for literal in literals {
        let rows = session.query(&format!("SELECT v, v::text FROM (SELECT {literal} AS v) q"), &[]).expect(literal);
        // char(n)::text drops the blanks; as a value it keeps them.
        let [own, theirs] = [rows[0].text(0), rows[0].text(1)].map(|text| text.map(str::trim_end));
        assert_eq!(own, theirs, "{literal}");
    }
}

#[test]
fn a_type_that_cannot_be_read_is_an_error_with_the_way_out() {
    let (_server, _, mut session) = fresh();

    let error = session.query("SELECT '10.0.0.1'::inet AS place", &[]).expect_err("it has no text form here");

    assert_eq!(error.message, "column `place` has a value of type `inet` that cannot be read");
    assert_eq!(error.hint.as_deref(), Some("cast it to text in the query: ::text"));
}
