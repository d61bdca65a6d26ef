//! What came of checks, where somebody asked to keep it.

use super::log::Actor;
use super::{Ledger, LedgerError};
use crate::backend::{Basic, SqlError, SqlErrorKind};
use crate::domain::value::{Row, Value};

/// What a result is about: two results are compared where all of this is the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CheckOf {
    /// The check.
    pub name: String,
    /// Its text's SHA-256, in hexadecimal digits.
    pub script: String,
    /// The account's key as text, where it is about one.
    pub account: Option<String>,
    /// The site's key as text, where it is about one.
    pub site: Option<String>,
    /// The parameters that were given, as JSON.
    pub parameters: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// What it is about.
    pub of: CheckOf,
    /// The instant of the snapshot: RFC 3339, UTC.
    pub checked_at: String,
    /// `pass`, `warn`, `fail`, `error`
    pub status: String,
    /// How many findings there were.
    pub findings: i64,
    /// The rows of which a percentage was measured.
    pub total: Option<i64>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
}

/// How many rows one statement writes: SQLite takes at most 32766 values.
const AT_ONCE: usize = 200;

const COLUMNS: &str = "name, script_sha256, account, site, parameters, checked_at, status, findings, total, took_ms";

impl Ledger {
    /// Keeps results, all of them or none.
    ///
    /// # Errors
    /// When the ledger has not been brought up to date, or what the database refuses.
    pub fn add_checks(self, session: &mut impl Basic, results: &[CheckResult], actor: &Actor) -> Result<(), LedgerError> {
        self.needs(Self::CHECKS)?;
        session.begin().map_err(LedgerError::Sql)?;
        for some in results.chunks(AT_ONCE) {
            if let Err(error) = self.insert_checks(session, some, actor) {
                // What the database said first counts.
                let _ = session.rollback();
                return Err(LedgerError::Sql(error));
            }
        }
        session.commit().map_err(LedgerError::Sql)
    }

    fn insert_checks(self, session: &mut impl Basic, results: &[CheckResult], actor: &Actor) -> Result<(), SqlError> {
        let mut binds: Vec<Value> = vec![actor.user.as_str().into(), actor.host.as_str().into(), actor.tool.as_str().into()];
        let mut rows = Vec::with_capacity(results.len());
        for result in results {
            let from = binds.len();
            binds.extend([
                result.of.name.as_str().into(),
                result.of.script.as_str().into(),
                result.of.account.as_deref().into(),
                result.of.site.as_deref().into(),
                result.of.parameters.as_deref().into(),
                result.checked_at.as_str().into(),
                result.status.as_str().into(),
                result.findings.into(),
                result.total.map_or(Value::Null, Value::Integer),
                Value::Real(result.took_ms),
            ]);
            let places: Vec<String> = (from + 1..=binds.len()).map(|place| format!("${place}")).collect();
            rows.push(format!("({}, $1, $2, $3)", places.join(", ")));
        }
        let table = self.table("manage_check");
        let sql = format!("INSERT INTO {table} ({COLUMNS}, os_user, host, tool_version) VALUES {}", rows.join(", "));
        session.execute_with(&sql, &binds).map(drop)
    }

    /// Whether this role may read the results. It may be refused, so it is asked outside of a transaction.
    ///
    /// # Errors
    /// What the database refuses, but for the right to read.
    pub fn can_read_checks(self, session: &mut impl Basic) -> Result<bool, SqlError> {
        if !self.knows(Self::CHECKS) {
            return Ok(false);
        }
        match session.query(&format!("SELECT 1 FROM {} WHERE 1 = 0", self.table("manage_check")), &[]) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == SqlErrorKind::Permission => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The latest result of each check that could tell, for one account, or for all where none is given. None where the
    /// ledger is older than that.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn latest_checks(self, session: &mut impl Basic, account: Option<&str>) -> Result<Vec<CheckResult>, SqlError> {
        if !self.knows(Self::CHECKS) {
            return Ok(Vec::new());
        }
        let table = self.table("manage_check");
        let (condition, binds) = match account {
            Some(account) => (" AND account = $1", vec![Value::from(account)]),
            None => ("", Vec::new()),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM {table} WHERE id IN (SELECT max(id) FROM {table} WHERE status <> 'error'{condition} \
             GROUP BY name, script_sha256, account, site, parameters)"
        );
        Ok(session.query(&sql, &binds)?.iter().filter_map(read).collect())
    }
}

fn read(row: &Row) -> Option<CheckResult> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    Some(CheckResult {
        of: CheckOf { name: text(0)?, script: text(1)?, account: text(2), site: text(3), parameters: text(4) },
        checked_at: text(5)?,
        status: text(6)?,
        findings: row.integer(7)?,
        total: row.integer(8),
        took_ms: match row.values.get(9) {
            Some(Value::Real(took)) => *took,
            _ => 0.0,
        },
    })
}
