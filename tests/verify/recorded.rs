//! Results that are kept, and what has changed since.

use super::fixture::platform;
use crate::support::*;

const STATUS: &str =
    "SELECT id, 'status is ' || status AS what FROM pages WHERE account_id = :account AND status <> 'done' ORDER BY id";

fn kept(project: &Project, columns: &str) -> Vec<Vec<String>> {
    let table = if project.backend() == Backend::Sqlite { "manage_check" } else { "manage.manage_check" };
    project.query(&format!("SELECT {columns} FROM {table} ORDER BY id"))
}

each_backend! {
    fn what_is_kept_is_compared_with(project: Project) {
        let project = platform(project.check("status", "table = \"pages\"", STATUS));

        project.run("verify --account acme").exits_with(1).does_not_say("since");
        assert!(kept(&project, "name").is_empty(), "nothing is kept unasked");
        project.run("verify --account acme --record").exits_with(1).says("1 result kept");
        project.run("verify --account acme").exits_with(1).says("(as on 20");
        project.execute("INSERT INTO pages VALUES (110, 1, 10, 'more', 'new'), (111, 1, 10, 'more', 'new')");
        project.run("verify --account acme --record").exits_with(1).says("4 findings in pages").says("(+2 since 20");
        project.execute("UPDATE pages SET status = 'done' WHERE account_id = 1");
        let json = project.run("verify --account acme --json").ok().json();
        let before = &json["checks"][0]["before"];
        assert_eq!((&before["findings"], &before["change"], &before["status"]), (&4.into(), &(-4).into(), &"fail".into()));
        assert_eq!(kept(&project, "name, account, site, status, findings"), [
            ["status", "1", "NULL", "fail", "2"], ["status", "1", "NULL", "fail", "4"],
        ]);
    }

    fn only_what_is_the_same_is_compared(project: Project) {
        let project = platform(project.check("status", "[params.least]\ntype = \"integer\"\ndefault = 0",
            "SELECT id, status AS what FROM pages WHERE account_id = :account AND id >= :least AND status <> 'done'"));
        project.run("verify --all-tenants --record").exits_with(1).says("3 results kept");

        // Another account, another site, another value, another text: none of them is the same.
        project.run("verify --account acme").exits_with(1).says("(as on");
        project.run("verify --account zeta").exits_with(1).says("(as on");
        project.run("verify --account acme --site blog").exits_with(1).does_not_say("(as on");
        project.run("verify --account acme --param least=1").exits_with(1).does_not_say("(as on");
        project.edit("scripts/verify_status.sql", |text| text.replace("status <> 'done'", "status NOT IN ('done')"));
        project.run("verify --account acme").exits_with(1).does_not_say("(as on");
    }

    fn what_could_not_tell_is_kept_and_not_compared_with(project: Project) {
        let project = platform(project.check("status", "", STATUS));
        project.run("verify --account acme --record").exits_with(1);
        project.execute("ALTER TABLE pages RENAME COLUMN status TO state");
        project.run("verify --account acme --record").exits_with(3);
        project.execute("ALTER TABLE pages RENAME COLUMN state TO status");

        project.run("verify --account acme").exits_with(1).says("(as on");
        assert_eq!(kept(&project, "status"), [["fail"], ["error"]]);
    }

    fn many_accounts_are_kept_at_once(project: Project) {
        let project = platform(project.check("status", "", STATUS));
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1449) ";
        project.execute(&match project.backend() {
            Backend::Sqlite => format!("{rows} INSERT INTO accounts SELECT i, 'a' || i, 'active' FROM n"),
            Backend::Postgres => "INSERT INTO accounts SELECT i, 'a' || i, 'active' FROM generate_series(1000, 1449) i".to_owned(),
        });

        project.run("verify --all-tenants --jobs 2 --record").exits_with(1).says("453 results kept");

        assert_eq!(kept(&project, "account").len(), 453);
    }
}

#[test]
fn who_may_not_write_is_shown_the_results_all_the_same() {
    let project = platform(Project::new().check("status", "", STATUS));
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    std::fs::set_permissions(project.path("manage.db"), mode(0o444)).expect("ours");
    if std::fs::OpenOptions::new().write(true).open(project.path("manage.db")).is_ok() {
        // Root writes everywhere: nothing to see here.
        return;
    }

    project.run("verify --account acme --record").fails_with(3).says("status is new");
}
