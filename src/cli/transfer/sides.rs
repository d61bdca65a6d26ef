//! The mapping, the old database and the new one.

use std::path::{Path, PathBuf};

use super::{Between, Readers};
use crate::backend::{Access, Full, Identity, Session, same_database};
use crate::cli::context::{Chosen, Context, Reached, unreachable};
use crate::cli::failure::Failure;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::domain::schema::Schema;
use crate::project::mapping::{Mapping, find_mapping};
use crate::project::{Config, Project};
use crate::transfer::{Plan, TransferError, plan};

/// So many sessions of others are named.
const SHOWN: usize = 8;

/// The old database.
pub struct Source {
    /// Its URL.
    pub url: DatabaseUrl,
    /// The session, which only reads.
    pub session: Session,
    /// Which database it is.
    pub identity: Identity,
    /// Its schema.
    pub schema: Schema,
}

/// Both databases, and what leads from the one to the other.
pub struct Sides {
    /// The mapping.
    pub mapping: Mapping,
    /// The project, and the new database.
    pub chosen: Chosen,
    /// The old database.
    pub source: Source,
    /// The new database.
    pub target: Reached,
    /// Its schema.
    pub schema: Schema,
}

impl Sides {
    /// Opens both.
    ///
    /// # Errors
    /// When one of them is not there, both are the same, or the mapping is not valid.
    pub fn open(context: &mut Context, between: &Between, access: Access, command: &str) -> Result<Self, Failure> {
        let (project, mapping) = mapping(context, between.map.as_deref())?;
        let source_url = source_url(context, &project, Some(&mapping), between.source.as_deref())?;
        let chosen = target(context, project, &mapping, between.target.as_deref())?;
        if same_database(&source_url, &chosen.url, &|name| context.variable(name)) {
            return Err(Failure::new(
                Class::Usage,
                "source and target are the same database",
                "--source names the old database, --target the new one",
            ));
        }
        is_way(&source_url, &chosen.url)?;
        let source = Source::open(context, source_url, command)?;
        let mut target = context.reach(&chosen, access, command).map_err(|failure| missing_target(failure, &chosen.url))?;
        let schema = target.session.introspect()?;
        Ok(Self { mapping, chosen, source, target, schema })
    }

    /// The plan. Warnings are told.
    ///
    /// # Errors
    /// When mapping and databases do not agree.
    pub fn plan(&self) -> Result<Plan, Failure> {
        plan(&self.mapping, &self.source.schema, &self.schema).map_err(|problems| TransferError::Plan(problems).into())
    }

    /// Tells who else is connected: they may write what is not moved any more, or wait for the rows.
    ///
    /// # Errors
    /// What a database refuses.
    pub fn tell_others(&mut self, context: &mut Context) -> Result<(), Failure> {
        for (side, who) in self.others()? {
            context.screen.warn(&format!("others use the {side} database: {who}"));
        }
        Ok(())
    }

    /// Who else is connected, by the side: `old`, `new`.
    ///
    /// # Errors
    /// What a database refuses.
    pub fn others(&mut self) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut found = Vec::new();
        for (side, session) in [("old", &mut self.source.session), ("new", &mut self.target.session)] {
            let others = session.others()?;
            if others.is_empty() {
                continue;
            }
            let more = others.len().saturating_sub(SHOWN);
            let mut who = others.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            if more > 0 {
                who.push_str(&format!(" and {more} more"));
            }
            found.push((side, who));
        }
        Ok(found)
    }

    /// `old.db (SQLite 3.53)  →  new.db (SQLite 3.53, staging)`
    pub fn heading(&self) -> String {
        format!("{}  →  {}", self.source.title(), self.target.title())
    }
}

impl Source {
    /// Opens the old database.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub fn open(context: &mut Context, url: DatabaseUrl, command: &str) -> Result<Self, Failure> {
        let mut session = context.open(&url, Access::Read, command).map_err(|error| {
            let error = unreachable(error, &url);
            error.with_hint("check --source; the old database is opened for reading, and never made")
        })?;
        let identity = session.identity()?;
        let schema = session.introspect()?;
        Ok(Self { url, session, identity, schema })
    }

    /// Opens the sessions that read beside this one.
    ///
    /// # Errors
    /// When the server takes no more.
    pub fn readers(&self, context: &mut Context, readers: &Readers, command: &str) -> Result<Vec<Session>, Failure> {
        if readers.jobs > 1 && self.identity.engine == Engine::Sqlite {
            context.screen.warn("--jobs is for an old PostgreSQL database: an SQLite file is read by one");
            return Ok(Vec::new());
        }
        let mut more = Vec::new();
        for number in 1..readers.jobs {
            let opened = context.open(&self.url, Access::Read, command);
            more.push(opened.map_err(|error| unreachable(error, &self.url).with_hint(format!("try it with --jobs {number}")))?);
        }
        Ok(more)
    }

    /// `old.db (SQLite 3.53)`
    pub fn title(&self) -> String {
        format!("{} ({} {}, only read)", self.identity.name, self.identity.engine, self.identity.version)
    }
}

/// The project and the mapping; with `--map` there need be no project.
fn mapping(context: &mut Context, named: Option<&Path>) -> Result<(Project, Mapping), Failure> {
    let file = named.map(|file| context.folder.join(file));
    let project = project(context, file.is_some())?;
    let mapping = find_mapping(file.as_deref(), &project.folder)?;
    Ok((project, mapping))
}

fn project(context: &mut Context, may_miss: bool) -> Result<Project, Failure> {
    match context.project() {
        Ok(project) => Ok(project),
        // A tool that runs beside the files has nothing else there.
        Err(_) if may_miss && !context.names_project() => {
            Ok(Project { folder: context.folder.clone(), config: Config::default() })
        }
        Err(failure) => Err(failure),
    }
}

/// The project and the old database alone.
///
/// # Errors
/// When it is not said which one, or the mapping is not valid.
pub fn source_alone(context: &mut Context, of: &super::OfSource) -> Result<(Project, DatabaseUrl), Failure> {
    let file: Option<PathBuf> = of.map.as_ref().map(|file| context.folder.join(file));
    let project = project(context, of.source.is_some() || file.is_some())?;
    let mapping = match (&of.source, &file) {
        (Some(_), None) => None,
        _ => find_mapping(file.as_deref(), &project.folder).ok().filter(|_| file.is_none() || of.source.is_none()),
    };
    let url = source_url(context, &project, mapping.as_ref(), of.source.as_deref())?;
    Ok((project, url))
}

/// The new database alone: the mapping is only asked where that is.
///
/// # Errors
/// When it is not there, or cannot be reached.
pub fn target_alone(
    context: &mut Context,
    between: &Between,
    access: Access,
    command: &str,
) -> Result<(Chosen, Reached), Failure> {
    let file = between.map.as_ref().map(|file| context.folder.join(file));
    let project = project(context, file.is_some() || between.target.is_some() || context.names_database())?;
    let chosen = match (&between.target, find_mapping(file.as_deref(), &project.folder)) {
        (_, Ok(mapping)) => target(context, project, &mapping, between.target.as_deref())?,
        (_, Err(error)) if file.is_some() => return Err(error.into()),
        (Some(text), Err(_)) => {
            let url = DatabaseUrl::parse(&context.named_database(text)?)?.relative_to(&context.folder);
            Chosen { project, url, environment: None }
        }
        (None, Err(_)) => context.choose_in(project)?,
    };
    let reached = context.reach(&chosen, access, command)?;
    Ok((chosen, reached))
}

fn source_url(
    context: &Context,
    project: &Project,
    mapping: Option<&Mapping>,
    named: Option<&str>,
) -> Result<DatabaseUrl, Failure> {
    if let Some(text) = named {
        return Ok(DatabaseUrl::parse(&context.named_database(text)?)?.relative_to(&context.folder));
    }
    let said = mapping.and_then(|mapping| mapping.source.url.as_ref()).map(|word| word.get_ref().clone());
    let text = match said {
        Some(text) => context.named_database(&text)?,
        None => context.variable("OLD_DATABASE_URL").filter(|text| !text.trim().is_empty()).ok_or_else(|| {
            Failure::new(
                Class::Usage,
                "it is not said which database is the old one",
                "name it: --source URL, OLD_DATABASE_URL, or url in [source] of the mapping",
            )
        })?,
    };
    Ok(DatabaseUrl::parse(&text)?.relative_to(&project.folder))
}

fn target(context: &mut Context, project: Project, mapping: &Mapping, named: Option<&str>) -> Result<Chosen, Failure> {
    if let Some(text) = named {
        if context.names_database() {
            return Err(Failure::new(
                Class::Usage,
                "--target and --database or --env both choose the new database",
                "give one of them",
            ));
        }
        let url = DatabaseUrl::parse(&context.named_database(text)?)?.relative_to(&context.folder);
        return Ok(Chosen { project, url, environment: None });
    }
    if let (Some(word), false) = (&mapping.target.url, context.names_database()) {
        let url = DatabaseUrl::parse(&context.named_database(word.get_ref())?)?.relative_to(&project.folder);
        return Ok(Chosen { project, url, environment: None });
    }
    context.choose_in(project)
}

/// Says what is supported before anything is opened.
fn is_way(source: &DatabaseUrl, target: &DatabaseUrl) -> Result<(), Failure> {
    if source.engine() == Engine::Sqlite || target.engine() == Engine::Postgres {
        return Ok(());
    }
    Err(Failure::new(
        Class::Usage,
        "there is no way from PostgreSQL into an SQLite file",
        "give a PostgreSQL database as --target; from SQLite rows go to either",
    ))
}

fn missing_target(failure: Failure, url: &DatabaseUrl) -> Failure {
    match failure.0.class() {
        Class::CouldNotRun => Failure::new(
            Class::CouldNotRun,
            failure.0.to_string(),
            format!("check --target ({url}), or make the new database first: manage migrate"),
        ),
        _ => failure,
    }
}
