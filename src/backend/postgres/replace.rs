//! One database put in the place of another: both are renamed in one transaction.

use std::time::{Duration, Instant};

use super::connect;
use super::database::maintenance_beside;
use super::scratch::ScratchDatabase;
use super::session::PostgresSession;
use super::users;
use crate::backend::Basic;
use crate::backend::copying::{Installed, Job, LeftOver, LeftOverKind, Obstacle, Step};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Full;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::fault;
use crate::domain::schema::{escaped_text, quoted};

/// What hangs on this very database and would not come along.
const ATTACHED: &str = "\
     SELECT 'the replication slot ' || slot_name FROM pg_catalog.pg_replication_slots WHERE database = pg_catalog.current_database() \
     UNION ALL SELECT 'the publication ' || pubname FROM pg_catalog.pg_publication \
     UNION ALL SELECT 'a subscription' WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_stat_subscription s \
         JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() \
         JOIN pg_catalog.pg_subscription p ON p.oid = s.subid WHERE p.subdbid = d.oid) \
     UNION ALL SELECT 'the prepared transaction ' || gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()";

const RIGHTS: &str = "SELECT r.rolsuper OR r.rolcreatedb, r.rolsuper OR pg_catalog.pg_has_role(d.datdba, 'USAGE'), current_user::text, \
     pg_catalog.pg_get_userbyid(d.datdba)::text FROM pg_catalog.pg_roles r, pg_catalog.pg_database d \
     WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()";

/// What belongs to a database and is in no dump of it: `CREATE DATABASE` is followed by these.
const TRAITS: &str = "SELECT pg_catalog.pg_get_userbyid(d.datdba)::text, d.datconnlimit, d.datistemplate, d.datacl IS NOT NULL, \
     pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database d \
     WHERE d.datname = pg_catalog.current_database()";

const GRANTS: &str = "SELECT a.privilege_type, a.is_grantable, \
     CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, \
     pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantor)) \
     FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = pg_catalog.current_database()";

/// Lists keep their quotes as they are stored, everything else is one value.
const SETTINGS: &str = "SELECT CASE WHEN s.setrole = 0 THEN NULL ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)) END, \
     split_part(c, '=', 1), substr(c, strpos(c, '=') + 1) \
     FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c \
     WHERE d.datname = pg_catalog.current_database()";

/// Settings that are lists of names.
const LISTS: [&str; 6] = [
    "search_path",
    "local_preload_libraries",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// A name takes at most so many bytes.
const NAME_BYTES: usize = 63;

impl PostgresSession {
    /// Why nothing can be put in the place of this database now.
    pub(in crate::backend) fn obstacles(&mut self) -> Result<Vec<Obstacle>, SqlError> {
        let rows = self.query(RIGHTS, &[])?;
        if let Some(row) = rows.first() {
            let (role, owner) = (row.text(2).unwrap_or_default(), row.text(3).unwrap_or_default());
            let refuse = |message: String, hint: String| Err(SqlError::new(SqlErrorKind::Permission, message).with_hint(hint));
            if row.truth(0) != Some(true) {
                return refuse(
                    format!("the role {role} may not make databases, and a restore makes one beside this one"),
                    format!("ALTER ROLE {} CREATEDB;", quoted(role)),
                );
            }
            if row.truth(1) != Some(true) {
                return refuse(
                    format!("the database belongs to {owner}, and a restore renames it"),
                    format!("connect as {owner}, or GRANT {} TO {};", quoted(owner), quoted(role)),
                );
            }
        }
        let words = |rows: Vec<crate::domain::value::Row>| {
            rows.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect::<Vec<_>>()
        };
        let attached = words(self.query(ATTACHED, &[])?).into_iter().map(Obstacle::Attached);
        let attached: Vec<_> = attached.collect();
        let connected = users::connected(self, None)?.into_iter().map(Obstacle::Connected);
        Ok(attached.into_iter().chain(connected).collect())
    }

    /// Databases that restores and proofs of this one have left on the server.
    pub(in crate::backend) fn left_overs(&mut self) -> Result<Vec<LeftOver>, SqlError> {
        let name = self.identity()?.name;
        let rows = self.query(
            "SELECT d.datname::text, EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid) \
             FROM pg_catalog.pg_database d ORDER BY 1",
            &[],
        )?;
        let (new, before, proof) = (name_of_new(&name, ""), name_of_old(&name, ""), name_of_proof(&name, ""));
        let found = rows.iter().filter_map(|row| {
            let (other, in_use) = (row.text(0)?.to_owned(), row.truth(1)?);
            let run = |prefix: &str| {
                let run = other.strip_prefix(prefix)?;
                (run.len() == RUN_BYTES && run.ends_with('z')).then(|| run.to_owned())
            };
            let (kind, run) = match (run(&new), run(&before)) {
                (Some(run), _) => (LeftOverKind::Restore, Some(run)),
                (None, Some(run)) => (LeftOverKind::Before, Some(run)),
                (None, None) if other.starts_with(&proof) => (LeftOverKind::Scratch, None),
                (None, None) => return None,
            };
            let remove = format!("DROP DATABASE {};", quoted(&other));
            Some(LeftOver { kind, name: other, run, in_use, remove })
        });
        Ok(found.collect())
    }
}

/// `20261121t141005123z`
const RUN_BYTES: usize = 19;

/// Room for the name of a run behind the name of a database.
const ROOM: usize = 24;

/// The database that `run` fills, to take the place of the one called `name`.
pub(in crate::backend) fn name_of_new(name: &str, run: &str) -> String {
    suffixed(name, "_restore_", run)
}

/// The database in which a copy of the one called `name` is proved.
pub(in crate::backend) fn name_of_proof(name: &str, unique: &str) -> String {
    suffixed(name, "_proof_", unique)
}

/// The name under which the database called `name` is kept.
fn name_of_old(name: &str, run: &str) -> String {
    suffixed(name, "_before_", run)
}

fn suffixed(name: &str, word: &str, run: &str) -> String {
    let mut end = name.len().min(NAME_BYTES - word.len() - ROOM);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{word}{run}", &name[..end])
}

impl ScratchDatabase {
    /// Puts it in the place of the real one. `live` is a session there, which is closed before the end.
    pub(in crate::backend) fn install(
        &mut self,
        mut live: PostgresSession,
        run: &str,
        terminate: bool,
        job: &mut Job<'_>,
    ) -> Result<Installed, SqlError> {
        let DatabaseUrl::Postgres(url) = job.url else {
            return Err(SqlError::new(SqlErrorKind::Other, "the URL names an SQLite file"));
        };
        let name = live.identity()?.name;
        // Without statistics every plan of the first hours would be a guess.
        connect::connect_to(url, self.name(), job.opening).map(PostgresSession::over)?.execute("ANALYZE")?;
        job.at(Step::Install, 0, None)?;
        for sql in likeness(&mut live, self.name())? {
            live.execute(&sql)?;
        }
        drop(live);
        self.leave();
        fault::point("restore.before_install");
        let mut session = maintenance_beside(url, &name, job.opening)?;
        let old = name_of_old(&name, run);
        let swapped = self.swap(&mut session, &name, &old, terminate, job);
        // Nobody else would drop it: the session that makes and drops it is closed.
        self.keep();
        if swapped.is_err() {
            let _ = session.execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(self.name())));
        }
        swapped?;
        fault::point("restore.installed");
        Ok(Installed { kept: Some(old) })
    }

    /// Tries until nobody is in the way.
    fn swap(
        &self,
        session: &mut PostgresSession,
        name: &str,
        old: &str,
        terminate: bool,
        job: &mut Job<'_>,
    ) -> Result<(), SqlError> {
        let begun = Instant::now();
        loop {
            match self.rename(session, name, old) {
                Ok(()) => return Ok(()),
                Err(error) if error.sqlstate.as_deref() == Some("55006") => {
                    if terminate {
                        let end = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                             WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()";
                        session.query(end, &[name.into()])?;
                    }
                    if begun.elapsed() >= job.patience {
                        return Err(in_the_way(session, name, error)?);
                    }
                    job.at(Step::Install, 0, None)?;
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn rename(&self, session: &mut PostgresSession, name: &str, old: &str) -> Result<(), SqlError> {
        session.begin()?;
        let renamed = session
            .execute(&format!("ALTER DATABASE {} RENAME TO {}", quoted(name), quoted(old)))
            .inspect(|()| fault::point("restore.installing"))
            .and_then(|()| session.execute(&format!("ALTER DATABASE {} RENAME TO {}", quoted(self.name()), quoted(name))));
        match renamed {
            Ok(()) => session.commit(),
            Err(error) => {
                session.rollback()?;
                Err(error)
            }
        }
    }
}

fn in_the_way(session: &mut PostgresSession, name: &str, mut error: SqlError) -> Result<SqlError, SqlError> {
    let others = users::connected(session, Some(name))?;
    error.kind = SqlErrorKind::Busy;
    error.detail = Some(format!("connected: {}", others.join(", ")));
    Ok(error.with_hint("stop what is connected, or end it with --terminate"))
}

/// The statements that give the database `new` what the database of `live` has beside its content: owner, grants,
/// settings, comment, limit.
fn likeness(live: &mut PostgresSession, new: &str) -> Result<Vec<String>, SqlError> {
    let new = quoted(new);
    let mut out = Vec::new();
    let rows = live.query(TRAITS, &[])?;
    let Some(traits) = rows.first() else { return Ok(out) };
    if let Some(limit) = traits.integer(1).filter(|limit| *limit != -1) {
        out.push(format!("ALTER DATABASE {new} CONNECTION LIMIT {limit}"));
    }
    if let Some(comment) = traits.text(4) {
        out.push(format!("COMMENT ON DATABASE {new} IS {}", escaped_text(comment)));
    }
    for row in live.query(SETTINGS, &[])? {
        let (setting, value) = (row.text(1).unwrap_or_default(), row.text(2).unwrap_or_default());
        let value = if LISTS.contains(&setting) && !value.is_empty() { value.to_owned() } else { escaped_text(value) };
        let setting = setting.split('.').map(quoted).collect::<Vec<_>>().join(".");
        out.push(match row.text(0) {
            None => format!("ALTER DATABASE {new} SET {setting} TO {value}"),
            Some(role) => format!("ALTER ROLE {role} IN DATABASE {new} SET {setting} TO {value}"),
        });
    }
    // The owner last: who gives it away may do nothing more.
    let owner = quoted(traits.text(0).unwrap_or_default());
    out.push(format!("ALTER DATABASE {new} OWNER TO {owner}"));
    if traits.truth(3) == Some(true) {
        out.push(format!("REVOKE ALL ON DATABASE {new} FROM PUBLIC"));
        out.push(format!("REVOKE ALL ON DATABASE {new} FROM {owner}"));
        for row in live.query(GRANTS, &[])? {
            let (privilege, grantee) = (row.text(0).unwrap_or_default(), row.text(2).unwrap_or_default());
            let option = if row.truth(1) == Some(true) && grantee != "PUBLIC" { " WITH GRANT OPTION" } else { "" };
            out.push(format!("GRANT {privilege} ON DATABASE {new} TO {grantee}{option}"));
        }
    }
    if traits.truth(2) == Some(true) {
        out.push(format!("ALTER DATABASE {new} IS_TEMPLATE true"));
    }
    Ok(out)
}
