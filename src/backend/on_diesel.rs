//! The *Basic* level on an application's own Diesel connection, SQLite or PostgreSQL, also libpq's.

use std::sync::Arc;

use diesel::backend::Backend;
use diesel::connection::{LoadConnection, TransactionManager};
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel::row::{Field, NamedRow};
use diesel::sql_types::{BigInt, Binary, Bool, Double, Float, Integer, SmallInt, Text};
use diesel::sqlite::{Sqlite, SqliteType};
use diesel::{Connection, RunQueryDsl, sql_query};

use super::basic::Basic;
use super::error::{SqlError, SqlErrorKind};
use crate::domain::engine::Engine;
use crate::domain::value::{Row, Value};

/// An application's own Diesel connection as a [`Basic`] one.
///
/// ```
/// use diesel::{Connection, SqliteConnection};
/// use manage::backend::{Basic, OnDiesel};
///
/// let mut connection = SqliteConnection::establish(":memory:").unwrap();
/// let rows = OnDiesel(&mut connection).query("SELECT $1 + 1 AS two", &[1.into()]).unwrap();
/// assert_eq!(rows[0].integer(0), Some(2));
/// ```
pub struct OnDiesel<'a, C>(pub &'a mut C);

/// A Diesel back end whose rows can be read without knowing their shape.
pub trait Dynamic: Backend + Sized {
    /// The kind of database.
    const ENGINE: Engine;
    /// What opens the outermost transaction.
    const BEGIN: &'static str;

    /// Runs a query.
    ///
    /// # Errors
    /// What the database refuses.
    fn load<C: LoadConnection<Backend = Self>>(connection: &mut C, sql: &str, binds: &[Value]) -> QueryResult<Vec<Row>>;

    /// Runs a statement, and counts the rows it wrote.
    ///
    /// # Errors
    /// What the database refuses.
    fn run<C: LoadConnection<Backend = Self>>(connection: &mut C, sql: &str, binds: &[Value]) -> QueryResult<usize>;
}

impl<C> Basic for OnDiesel<'_, C>
where
    C: LoadConnection,
    C::Backend: Dynamic,
    C::TransactionManager: BeginWith<C>,
{
    fn engine(&self) -> Engine {
        C::Backend::ENGINE
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        self.0.batch_execute(sql).map_err(translate)
    }

    fn execute_with(&mut self, sql: &str, binds: &[Value]) -> Result<u64, SqlError> {
        let (sql, binds) = placed(C::Backend::ENGINE, sql, binds);
        C::Backend::run(self.0, &sql, &binds).map(|written| written as u64).map_err(translate)
    }

    fn query(&mut self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        let (sql, binds) = placed(C::Backend::ENGINE, sql, binds);
        C::Backend::load(self.0, &sql, &binds).map_err(translate)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        C::TransactionManager::begin_with(self.0, C::Backend::BEGIN).map_err(translate)
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        C::TransactionManager::commit_transaction(self.0).map_err(translate)
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        C::TransactionManager::rollback_transaction(self.0).map_err(translate)
    }
}

/// A transaction manager that can be told how to open the outermost transaction.
pub trait BeginWith<C: Connection>: TransactionManager<C> {
    /// Opens a transaction with `sql`, or a savepoint inside of one.
    ///
    /// # Errors
    /// What the database refuses.
    fn begin_with(connection: &mut C, sql: &str) -> QueryResult<()>;
}

impl<C> BeginWith<C> for diesel::connection::AnsiTransactionManager
where
    C: Connection<TransactionManager = Self>,
    Self: TransactionManager<C, TransactionStateData = Self>,
{
    fn begin_with(connection: &mut C, sql: &str) -> QueryResult<()> {
        let depth = Self::transaction_manager_status_mut(connection).transaction_depth()?;
        match depth {
            Some(_) => Self::begin_transaction(connection),
            None => Self::begin_transaction_sql(connection, sql),
        }
    }
}

/// Puts `?` or `$k` for each `$n` of `sql`, in the order in which they stand, and `NULL` for a null: a null
/// has no type, and PostgreSQL wants one for each parameter.
fn placed(engine: Engine, sql: &str, binds: &[Value]) -> (String, Vec<Value>) {
    let (mut out, mut ordered) = (String::with_capacity(sql.len()), Vec::new());
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[at + 1..at + 1 + digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match number.and_then(|number| binds.get(number)) {
            Some(Value::Null) => out.push_str("NULL"),
            Some(value) => {
                ordered.push(value.clone());
                match engine {
                    Engine::Sqlite => out.push('?'),
                    Engine::Postgres => out.push_str(&format!("${}", ordered.len())),
                }
            }
            None => out.push_str(&rest[at..=at + digits]),
        }
        rest = &rest[at + 1 + digits..];
    }
    out.push_str(rest);
    (out, ordered)
}

type Query<'a, DB> = BoxedSqlQuery<'a, DB, SqlQuery>;

macro_rules! dynamic {
    ($backend:ty, $engine:expr, $begin:literal) => {
        impl Dynamic for $backend {
            const ENGINE: Engine = $engine;
            const BEGIN: &'static str = $begin;

            fn load<C: LoadConnection<Backend = Self>>(connection: &mut C, sql: &str, binds: &[Value]) -> QueryResult<Vec<Row>> {
                let query: Query<'_, $backend> = bound(sql_query(sql).into_boxed(), binds);
                Ok(query.load::<DynamicRow>(connection)?.into_iter().map(|row| row.0).collect())
            }

            fn run<C: LoadConnection<Backend = Self>>(connection: &mut C, sql: &str, binds: &[Value]) -> QueryResult<usize> {
                let query: Query<'_, $backend> = bound(sql_query(sql).into_boxed(), binds);
                query.execute(connection)
            }
        }
    };
}

dynamic!(Sqlite, Engine::Sqlite, "BEGIN IMMEDIATE");
dynamic!(Pg, Engine::Postgres, "BEGIN");

fn bound<'a, DB>(mut query: Query<'a, DB>, binds: &[Value]) -> Query<'a, DB>
where
    DB: Backend
        + diesel::sql_types::HasSqlType<Bool>
        + diesel::sql_types::HasSqlType<BigInt>
        + diesel::sql_types::HasSqlType<Double>
        + diesel::sql_types::HasSqlType<Text>
        + diesel::sql_types::HasSqlType<Binary>,
    bool: diesel::serialize::ToSql<Bool, DB>,
    i64: diesel::serialize::ToSql<BigInt, DB>,
    f64: diesel::serialize::ToSql<Double, DB>,
    String: diesel::serialize::ToSql<Text, DB>,
    Vec<u8>: diesel::serialize::ToSql<Binary, DB>,
{
    for value in binds {
        query = match value {
            // `placed` has written nulls into the statement.
            Value::Null => query,
            Value::Bool(value) => query.bind::<Bool, _>(*value),
            Value::Integer(value) => query.bind::<BigInt, _>(*value),
            Value::Real(value) => query.bind::<Double, _>(*value),
            Value::Text(value) => query.bind::<Text, _>(value.clone()),
            Value::Bytes(value) => query.bind::<Binary, _>(value.clone()),
        };
    }
    query
}

struct DynamicRow(Row);

impl QueryableByName<Sqlite> for DynamicRow {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        read(row, |field| {
            let Some(value) = field.value() else { return Ok(Value::Null) };
            Ok(match value.value_type() {
                None => Value::Null,
                Some(SqliteType::Integer | SqliteType::SmallInt | SqliteType::Long) => {
                    Value::Integer(FromSql::<BigInt, Sqlite>::from_sql(value)?)
                }
                Some(SqliteType::Float | SqliteType::Double) => Value::Real(FromSql::<Double, Sqlite>::from_sql(value)?),
                Some(SqliteType::Text) => Value::Text(FromSql::<Text, Sqlite>::from_sql(value)?),
                Some(SqliteType::Binary) => Value::Bytes(FromSql::<Binary, Sqlite>::from_sql(value)?),
            })
        })
    }
}

impl QueryableByName<Pg> for DynamicRow {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        read(row, |field| field.value().map_or(Ok(Value::Null), |value| from_postgres(&value)))
    }
}

fn read<'a, DB: Backend, R>(
    row: &R,
    value: impl Fn(&<R as diesel::row::Row<'a, DB>>::Field<'_>) -> deserialize::Result<Value>,
) -> deserialize::Result<DynamicRow>
where
    R: NamedRow<'a, DB> + diesel::row::Row<'a, DB>,
{
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for at in 0..row.field_count() {
        let field = diesel::row::Row::get(row, at).ok_or("a column of the row is missing")?;
        names.push(field.field_name().unwrap_or_default().to_owned());
        values.push(value(&field)?);
    }
    Ok(DynamicRow(Row { names: Arc::from(names), values }))
}

/// By the numbers of `pg_type.dat`.
fn from_postgres(value: &PgValue<'_>) -> deserialize::Result<Value> {
    let oid = value.get_oid();
    let again = || PgValue::new(value.as_bytes(), &oid);
    Ok(match oid.get() {
        16 => Value::Bool(FromSql::<Bool, Pg>::from_sql(again())?),
        20 => Value::Integer(FromSql::<BigInt, Pg>::from_sql(again())?),
        21 => Value::Integer(<i16 as FromSql<SmallInt, Pg>>::from_sql(again())?.into()),
        23 => Value::Integer(<i32 as FromSql<Integer, Pg>>::from_sql(again())?.into()),
        700 => Value::Real(<f32 as FromSql<Float, Pg>>::from_sql(again())?.into()),
        701 => Value::Real(FromSql::<Double, Pg>::from_sql(again())?),
        17 => Value::Bytes(value.as_bytes().to_vec()),
        // "char", name, text, json, xml, unknown, bpchar, varchar
        18 | 19 | 25 | 114 | 142 | 705 | 1042 | 1043 => Value::Text(String::from_utf8(value.as_bytes().to_vec())?),
        oid => return Err(format!("a column has the type number {oid}, which is not read here: cast it to text").into()),
    })
}

/// Diesel's error in our words. It has no SQLSTATE.
fn translate(error: Error) -> SqlError {
    let Error::DatabaseError(kind, information) = error else {
        return SqlError::new(SqlErrorKind::Other, error.to_string());
    };
    let kind = match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::ExclusionViolation
        | DatabaseErrorKind::RestrictViolation => SqlErrorKind::Constraint,
        DatabaseErrorKind::SerializationFailure => SqlErrorKind::Serialization,
        DatabaseErrorKind::ReadOnlyTransaction => SqlErrorKind::ReadOnly,
        DatabaseErrorKind::ClosedConnection => SqlErrorKind::Connection,
        _ if information.message() == "database is locked" => SqlErrorKind::Busy,
        _ => SqlErrorKind::Other,
    };
    let mut translated = SqlError::new(kind, information.message());
    translated.detail = information.details().map(str::to_owned);
    translated.hint = information.hint().map(str::to_owned);
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_in_the_order_of_their_use_and_nulls_as_words() {
        let binds = [Value::Integer(1), Value::Null, Value::from("x")];

        let (sql, ordered) = placed(Engine::Postgres, "SELECT $3, $2, $1, $3", &binds);

        assert_eq!(sql, "SELECT $1, NULL, $2, $3");
        assert_eq!(ordered, [Value::from("x"), Value::Integer(1), Value::from("x")]);
        assert_eq!(placed(Engine::Sqlite, "SELECT $2, $1", &binds).0, "SELECT NULL, ?");
    }
}
