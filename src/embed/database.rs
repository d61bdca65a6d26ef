//! The ways to a database.

use diesel::connection::LoadConnection;

use super::error::Error;
use super::work::{Call, Work};
use crate::backend::{Attached, BeginWith, Dynamic, Opening, Session, SqlErrorKind};
use crate::domain::database_url::DatabaseUrl;

/// A database, as an application has it: its URL (`&str`, `&String`), or a Diesel connection (`&mut SqliteConnection`,
/// `&mut PgConnection`, `&mut *pool.get()?`).
///
/// | | URL | connection |
/// |---|---|---|
/// | transactions | on SQLite several migrations share one | one a migration |
/// | files that run without a transaction | run, and are taken up again where they stopped | refused |
/// | the connection's settings | manage's own | stay the application's |
/// | notices of the server, SQLSTATE | reported | not known to Diesel |
/// | the lock | the same for both, and for the command line | |
///
/// The trait is sealed: these are all.
pub trait Database: sealed::Sealed {
    /// Does `work` on it.
    #[doc(hidden)]
    fn with<W: Work>(self, call: &Call<'_>, work: W) -> Result<W::Done, Error>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &String {}
    impl<C> Sealed for &mut C {}
}

impl Database for &String {
    fn with<W: Work>(self, call: &Call<'_>, work: W) -> Result<W::Done, Error> {
        self.as_str().with(call, work)
    }
}

impl Database for &str {
    fn with<W: Work>(self, call: &Call<'_>, work: W) -> Result<W::Done, Error> {
        let url = DatabaseUrl::parse(self)?;
        let url = match call.folder {
            Some(folder) => url.relative_to(folder),
            None => url,
        };
        let nothing = |_: &str| None;
        let opening = Opening {
            access: work.access(),
            application: call.application,
            environment: call.environment.unwrap_or(&nothing),
            connect_timeout: None,
        };
        let mut session = match Session::open(&url, &opening) {
            Ok(session) => session,
            Err(error) => {
                let absent = if error.kind == SqlErrorKind::NoDatabase && !matches!(url, DatabaseUrl::Postgres(_)) {
                    work.unborn(url.engine())
                } else {
                    None
                };
                return absent.unwrap_or(Err(Error::Database(error)));
            }
        };
        work.on(&mut session, Some(&url))
    }
}

impl<C> Database for &mut C
where
    C: LoadConnection,
    C::Backend: Dynamic,
    C::TransactionManager: BeginWith<C>,
{
    fn with<W: Work>(self, _: &Call<'_>, work: W) -> Result<W::Done, Error> {
        let mut session = Attached::new(self).map_err(Error::Database)?;
        let done = work.on(&mut session, None);
        // An error that is on its way says more than this one.
        let left = session.leave().map_err(Error::Database);
        let done = done?;
        left?;
        Ok(done)
    }
}
