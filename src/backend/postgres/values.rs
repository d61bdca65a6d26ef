//! Rows whose shape is known only at run time: the wire's binary form read into values.

use std::sync::Arc;

use postgres::types::{Kind, Type};

use super::rows::Raw;
use super::text_form;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::value::{Row, Value};

/// The names of the columns, shared by all rows of an answer.
pub(super) struct RowShape(Arc<[String]>);

impl RowShape {
    pub(super) fn of(row: &postgres::Row) -> Self {
        Self(row.columns().iter().map(|column| column.name().to_owned()).collect())
    }

    /// The values of `row`.
    pub(super) fn read(&self, row: &postgres::Row) -> Result<Row, SqlError> {
        let values = row
            .columns()
            .iter()
            .enumerate()
            .map(|(at, column)| match row.try_get::<_, Option<Raw<'_>>>(at) {
                Ok(None) => Ok(Value::Null),
                Ok(Some(raw)) => value(column.type_(), raw.0).ok_or_else(|| cannot_read(column.name(), column.type_())),
                Err(_) => Err(cannot_read(column.name(), column.type_())),
            })
            .collect::<Result<_, _>>()?;
        Ok(Row { names: Arc::clone(&self.0), values })
    }
}

fn cannot_read(column: &str, kind: &Type) -> SqlError {
    SqlError::new(SqlErrorKind::Other, format!("column `{column}` has a value of type `{}` that cannot be read", kind.name()))
        .with_hint("cast it to text in the query: ::text")
}

/// The value in `bytes`, or `None` where its type or its value has no form here.
fn value(kind: &Type, bytes: &[u8]) -> Option<Value> {
    Some(match *kind {
        Type::BOOL => Value::Bool(bytes != [0]),
        Type::INT2 => Value::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT4 => Value::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT8 => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::OID | Type::XID | Type::CID => Value::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT4 => Value::Real(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT8 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        Type::BYTEA => Value::Bytes(bytes.to_owned()),
        _ => match kind.kind() {
            Kind::Domain(base) => value(base, bytes)?,
            _ => Value::Text(text_form::of(kind, bytes)?),
        },
    })
}
