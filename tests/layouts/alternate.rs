//! refinery's own runner and `manage` take turns on one database.

use manage::backend::refinery::OnRefinery;
use manage::backend::{Access, Opening, Session};
use manage::domain::database_url::DatabaseUrl;
use refinery_core::{Migration, Runner, Target};

use super::*;

/// A build of refinery: how wide its versions are.
#[derive(Clone, Copy, PartialEq)]
enum Build {
    Int4,
    Int8,
}

/// Runs refinery over the project's files, up to a version and with it.
fn refinery(project: &Project, build: Build, to: i64) {
    match build {
        Build::Int8 => refinery_int8(project, to),
        Build::Int4 => refinery_int4(project, to),
    }
}

fn texts(project: &Project) -> Vec<(String, String)> {
    let names = project.list("migrations").into_iter();
    names.map(|name| (name.trim_end_matches(".sql").to_owned(), project.read(&format!("migrations/{name}")))).collect()
}

fn refinery_int8(project: &Project, to: i64) {
    let files: Vec<_> =
        texts(project).iter().map(|(stem, sql)| Migration::unapplied(stem, sql).expect("a name that fits")).collect();
    let environment = |_: &str| None;
    let opening = Opening { access: Access::Create, application: "refinery", environment: &environment, connect_timeout: None };
    let url = DatabaseUrl::parse(project.database_url()).expect("a URL").relative_to(&project.folder());
    let mut session = Session::open(&url, &opening).expect("a session");
    let runner = Runner::new(&files).set_target(Target::Version(to));
    runner.run(&mut OnRefinery(&mut session)).expect("refinery finds nothing wrong");
}

fn refinery_int4(project: &Project, to: i64) {
    use refinery_core_int4::{Migration, Runner, Target};
    let files: Vec<_> =
        texts(project).iter().map(|(stem, sql)| Migration::unapplied(stem, sql).expect("a name that fits")).collect();
    let runner = Runner::new(&files).set_target(Target::Version(i32::try_from(to).expect("a small version")));
    runner.run(&mut Int4(project)).expect("refinery finds nothing wrong");
}

/// A connection as the older refinery sees it.
struct Int4<'a>(&'a Project);

impl refinery_core_int4::traits::sync::Transaction for Int4<'_> {
    type Error = std::convert::Infallible;

    fn execute<'a, T: Iterator<Item = &'a str>>(&mut self, queries: T) -> Result<usize, Self::Error> {
        Ok(queries.map(|sql| self.0.execute(sql)).count())
    }
}

impl refinery_core_int4::traits::sync::Query<Vec<refinery_core_int4::Migration>> for Int4<'_> {
    fn query(&mut self, sql: &str) -> Result<Vec<refinery_core_int4::Migration>, Self::Error> {
        use time::OffsetDateTime;
        use time::format_description::well_known::Rfc3339;
        let read = |row: &Vec<String>| {
            let applied_on = OffsetDateTime::parse(&row[2], &Rfc3339).expect("a moment as RFC 3339 writes it");
            let (version, checksum) = (row[0].parse().expect("a number"), row[3].parse().expect("a number"));
            refinery_core_int4::Migration::applied(version, row[1].clone(), applied_on, checksum)
        };
        Ok(self.0.query(sql.trim_end_matches(';')).iter().map(read).collect())
    }
}

impl refinery_core_int4::Migrate for Int4<'_> {}

/// Version, name and checksum that a build of refinery writes where it runs alone.
fn alone(backend: Backend, build: Build) -> Vec<Vec<String>> {
    let project = refinery_project(Project::on(backend));
    refinery(&project, build, 10);
    rows(&project)
}

fn width(project: &Project) -> String {
    match project.backend() {
        Backend::Sqlite => project.value("SELECT type FROM pragma_table_info('refinery_schema_history') WHERE name = 'version'"),
        Backend::Postgres => project.value(
            "SELECT udt_name::text FROM information_schema.columns WHERE table_name = 'refinery_schema_history' AND column_name = 'version'",
        ),
    }
}

fn turns_after_refinery(project: Project, build: Build) {
    let project = refinery_project(project);
    refinery(&project, build, 1);
    project.run("status").ok().says("1 applied, 2 pending");

    project.run("migrate 2").ok().says("1 migration applied");
    refinery(&project, build, 10);
    project.run("status --check").ok().says("3 applied, 0 pending");

    assert_eq!(rows(&project), alone(project.backend(), build));
}

fn turns_before_refinery(project: Project, build: Build) {
    let project = refinery_project(project);
    if build == Build::Int8 {
        // As a refinery with wide versions makes it; manage would make the narrow one.
        project.execute(
            "CREATE TABLE refinery_schema_history (version int8 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255))",
        );
    }
    project.run("migrate 1").ok();
    refinery(&project, build, 2);
    project.run("migrate").ok().says("1 migration applied");
    refinery(&project, build, 10);

    assert_eq!(rows(&project), alone(project.backend(), build));
    assert_eq!(width(&project), if build == Build::Int8 { "int8" } else { "int4" });
}

each_backend! {
    fn manage_after_refinery_with_versions_of_four_bytes(project: Project) {
        turns_after_refinery(project, Build::Int4);
    }

    fn manage_after_refinery_with_versions_of_eight_bytes(project: Project) {
        turns_after_refinery(project, Build::Int8);
    }

    fn refinery_with_versions_of_four_bytes_after_manage(project: Project) {
        turns_before_refinery(project, Build::Int4);
    }

    fn refinery_with_versions_of_eight_bytes_after_manage(project: Project) {
        turns_before_refinery(project, Build::Int8);
    }

    fn a_wide_refinery_on_a_narrow_table_is_followed(project: Project) {
        let project = refinery_project(project);
        project.execute(
            "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255))",
        );
        refinery(&project, Build::Int8, 1);

        project.run("migrate").ok();
        refinery(&project, Build::Int8, 10);

        assert_eq!(rows(&project), alone(project.backend(), Build::Int8));
    }

    fn a_version_that_needs_it_makes_a_wide_table(project: Project) {
        let project = file(project, "V20260110120000__users", "CREATE TABLE users (id INTEGER);");

        project.run("migrate").ok();
        refinery(&project, Build::Int8, 20_260_110_120_000);

        assert_eq!(width(&project), "int8");
    }

    fn an_edit_that_refinery_finds_manage_finds_too(project: Project) {
        let project = refinery_project(project);
        refinery(&project, Build::Int4, 2);
        project.edit("migrations/V1__users.sql", |text| text.replace("TEXT", "VARCHAR(9)"));

        project.run("migrate").fails_with(5).says("1 users was edited after it was applied");
        project.run("status --check").exits_with(5);
        assert_eq!(versions(&project), ["1", "2"]);
    }

    fn an_edit_that_was_accepted_is_one_for_refinery_too(project: Project) {
        for build in [Build::Int4, Build::Int8] {
            let project = refinery_project(Project::on(project.backend()));
            refinery(&project, build, 2);
            project.edit("migrations/V1__users.sql", |text| text.replace("TEXT", "VARCHAR(9)"));
            project.run("status --diff 1").fails_with(3).says("the text that ran is not in the log");

            project.run("repair 1 --reason why --yes").ok();

            project.run("status --check").exits_with(1);
            refinery(&project, build, 10);
            project.run("migrate").ok().says("nothing to do");
        }
    }

    fn the_moment_is_utc_as_rfc_3339_writes_it(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();

        let applied_on = project.value("SELECT applied_on FROM refinery_schema_history WHERE version = 1");

        assert!(applied_on.ends_with('Z') && applied_on.as_bytes()[10] == b'T', "{applied_on}");
    }
}
