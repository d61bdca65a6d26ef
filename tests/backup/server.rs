//! What only PostgreSQL has: programs, rights, sessions, what hangs on a database.

use super::*;

#[test]
fn without_pg_dump_it_is_said_what_to_install() {
    let project = shop(Project::on(Backend::Postgres));
    std::fs::create_dir(project.path("empty")).expect("the folder is ours");

    let outcome = project.command("backup x.bak").env("MANAGE_PG_BIN", "empty").run();

    outcome.fails_with(3).says("pg_dump is needed").says("postgresql-client-").says("MANAGE_PG_BIN");
    project.command("backup x.bak").env("PATH", "/nowhere").run().fails_with(3).says("is not on the PATH");
    project.command("backup x.bak").env("MANAGE_PG_BIN", "nowhere").run().fails_with(2).says("is no folder");
    assert_eq!(litter(&project), Vec::<String>::new());
}

#[test]
fn an_old_pg_dump_is_refused() {
    let project = shop(Project::on(Backend::Postgres)).file("bin/pg_dump", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n");
    project.program("chmod", "chmod").args(["+x", "bin/pg_dump"]).run().ok();

    let outcome = project.command("backup x.bak").env("MANAGE_PG_BIN", "bin").run();

    outcome.fails_with(3).says("pg_dump 9.6.24 is older than the server");
}

#[test]
fn a_password_is_nowhere_in_the_arguments() {
    let cluster = Cluster::with().access("host all ann 127.0.0.1/32 scram-sha-256").start();
    cluster.execute("CREATE ROLE ann LOGIN CREATEDB PASSWORD 'hunter2'");
    cluster.execute("CREATE DATABASE shop OWNER ann");
    let project = Project::new().migration("1_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;");
    let url = format!("postgres://ann:hunter2@127.0.0.1:{}/shop", cluster.port());
    // The real programs, after their arguments are noted.
    let real = real_programs();
    for name in ["pg_dump", "pg_restore"] {
        let text = format!("#!/bin/sh\necho \"$0 $*\" >> \"{}\"\nexec {real}/{name} \"$@\"\n", project.path("seen").display());
        project.write(&format!("bin/{name}"), &text);
        project.program("chmod", "chmod").args(["+x", &format!("bin/{name}")]).run().ok();
    }
    let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", url.clone()).env("MANAGE_PG_BIN", "bin").run();
    run("migrate").ok();
    mark(&cluster.url("shop"));

    run("backup x.bak").ok();
    run("restore x.bak --yes").ok();

    let seen = project.read("seen");
    assert!(seen.contains("--snapshot") && seen.contains("--exit-on-error"), "{seen}");
    assert!(!seen.contains("hunter2"), "{seen}");
    assert!(!project.read("x.bak.json").contains("hunter2"));
}

/// The folder of the programs that the PATH leads to.
fn real_programs() -> String {
    let found = std::process::Command::new("sh").args(["-c", "dirname \"$(command -v pg_dump)\""]).output().expect("sh runs");
    String::from_utf8(found.stdout).expect("a path").trim().to_owned()
}

#[test]
fn a_role_that_may_not_make_databases_is_told_what_to_grant() {
    let cluster = Cluster::start();
    cluster.execute("CREATE ROLE bob LOGIN");
    cluster.execute("CREATE DATABASE shop OWNER bob");
    let project = Project::new().migration("1_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;");
    let as_role = |role: &str| cluster.url("shop").replace("postgres://postgres@", &format!("postgres://{role}@"));
    let run = |role: &str, arguments: &str| project.command(arguments).env("DATABASE_URL", as_role(role)).run();
    run("bob", "migrate").ok();
    mark(&cluster.url("shop"));
    run("postgres", "backup x.bak").ok();

    run("bob", "backup y.bak").fails_with(3).says("CREATEDB");
    run("bob", "restore x.bak --yes").fails_with(3).says("ALTER ROLE \"bob\" CREATEDB;");
    run("postgres", "status").ok();
}

#[test]
fn other_sessions_are_named_and_ended_only_when_asked() {
    let (project, backup) = backed_up(Project::on(Backend::Postgres));
    let mut other = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("it connects");
    other.batch_execute("SET application_name = 'the shop'").expect("it is connected");

    let outcome = project.run(&format!("restore {backup} --yes"));
    outcome.fails_with(4).says("1 other session connected").says("the shop").says("--terminate");
    assert_eq!(customers(&project), "3");

    project.run(&format!("restore {backup} --yes --terminate")).ok();
    assert_eq!(customers(&project), "2");
    assert!(other.simple_query("SELECT 1").is_err());
    tidy(&project);
}

#[test]
fn what_hangs_on_the_database_is_not_lost() {
    let (project, backup) = backed_up(Project::on(Backend::Postgres));
    project.execute("CREATE PUBLICATION everything FOR ALL TABLES");

    project.run(&format!("restore {backup} --yes")).fails_with(4).says("the publication everything");

    assert_eq!(customers(&project), "3");
}

#[test]
fn owner_grants_settings_comment_and_limit_survive() {
    let cluster = Cluster::start();
    cluster.execute("CREATE ROLE \"the owner\"; CREATE ROLE reader; CREATE ROLE writer;");
    cluster.execute("CREATE DATABASE shop OWNER \"the owner\"");
    for sql in [
        "COMMENT ON DATABASE shop IS 'Ann''s \\ shop'",
        "ALTER DATABASE shop CONNECTION LIMIT 42",
        "ALTER DATABASE shop SET search_path TO public, \"Odd one\"",
        "ALTER DATABASE shop SET work_mem TO '5MB'",
        "ALTER DATABASE shop SET \"my.own\" TO 'a b'",
        "ALTER ROLE reader IN DATABASE shop SET statement_timeout TO '5s'",
        "REVOKE ALL ON DATABASE shop FROM PUBLIC",
        "GRANT CONNECT ON DATABASE shop TO reader",
        "GRANT TEMPORARY ON DATABASE shop TO writer WITH GRANT OPTION",
    ] {
        cluster.execute(sql);
    }
    let project = Project::new().migration("1_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;");
    let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", cluster.url("shop")).run();
    run("migrate").ok();
    mark(&cluster.url("shop"));
    let mut inside = postgres::Client::connect(&cluster.url("shop"), postgres::NoTls).expect("it connects");
    inside.batch_execute("GRANT SELECT ON a TO reader; ALTER TABLE a OWNER TO \"the owner\"; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader").expect("it runs");
    drop(inside);
    let traits = "SELECT pg_get_userbyid(datdba) || datconnlimit || (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(datacl) a) \
         || shobj_description(oid, 'pg_database') || (SELECT string_agg(setrole::text || setconfig::text, ' ' ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid) \
         || datcollate || datctype || encoding || dattablespace FROM pg_database d WHERE datname = 'shop'";
    let inner = "SELECT (SELECT relacl::text || pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'a') || (SELECT string_agg(defaclacl::text, ' ') FROM pg_default_acl)";
    let value = |sql: &str| -> String {
        postgres::Client::connect(&cluster.url("shop"), postgres::NoTls)
            .expect("it connects")
            .query_one(sql, &[])
            .expect(sql)
            .get(0)
    };
    let before = (value(traits), value(inner));
    run("backup x.bak").ok();

    run("restore x.bak --yes").ok();

    assert_eq!(before, (value(traits), value(inner)));
}
