//! All or nothing, only recorded, late, and so many.

use super::memory::{history, nothing_is_half_recorded};
use crate::support::*;

fn three(project: Project) -> Project {
    (11..=13).fold(project, |project, n| {
        project.migration(&format!("{n}_a"), &format!("CREATE TABLE t{n} (id INTEGER);"), &format!("DROP TABLE t{n};"))
    })
}

each_backend! {
    fn a_single_transaction_is_all_or_nothing(project: Project) {
        let project = three(project).migration("14_z", "CREATE TABLE t14 (id INTEGER); SELECT missing;", "SELECT 1;");

        let outcome = project.run("migrate --single-transaction");

        outcome.fails_with(3).does_not_say("✓").says("done before it: none").says("rolled back with it: 11, 12, 13");
        assert_eq!((history(&project).len(), project.schema().as_str()), (0, ""));

        project.edit("migrations/14_z/up.sql", |text| text.replace("missing", "1"));
        project.run("migrate --single-transaction").ok().says("✓ 14 z");
        nothing_is_half_recorded(&project, "");
    }

    fn a_migration_without_a_transaction_shares_none(project: Project) {
        let project = three(project).no_transaction("14_z", "CREATE TABLE t14 (id INTEGER);", "DROP TABLE t14;");

        project.run("migrate --single-transaction").fails_with(2).says("14 runs without a transaction");
        assert_eq!(project.schema(), "");

        project.run("migrate --to 13 --single-transaction").ok();
        project.run("migrate --single-transaction").ok();
        nothing_is_half_recorded(&project, "");
    }

    fn what_was_only_recorded_is_real_afterwards(project: Project) {
        let project = three(project);
        project.execute("CREATE TABLE t11 (id INTEGER); CREATE TABLE t12 (id INTEGER)");

        project.run("migrate --fake --to 12").ok().says("only recorded");
        nothing_is_half_recorded(&project, "");
        project.run("migrate").ok().says("✓ 13 a").does_not_say("✓ 12");
        nothing_is_half_recorded(&project, "");
        project.run("rollback --all --yes").ok();

        nothing_is_half_recorded(&project, "");
        assert_eq!(project.schema(), "");
    }

    fn a_late_migration_is_refused_unless_it_may_come_late(project: Project) {
        let project = three(project);
        project.run("migrate").ok();
        project.write("migrations/12b_late/up.sql", "CREATE TABLE late (id INTEGER);");
        project.write("migrations/12b_late/down.sql", "DROP TABLE late;");
        project.write("migrations/14_new/up.sql", "CREATE TABLE t14 (id INTEGER);");

        project.run("migrate").fails_with(5).says("12b late is pending, though a later one is applied");
        project.run("migrate --to 14 --plan").fails_with(5);
        assert_eq!(history(&project), ["11", "12", "13"]);
        project.run("migrate --allow-out-of-order --steps 1").ok().says("✓ 12b late").does_not_say("✓ 14");
        project.run("migrate").ok().says("✓ 14 new");

        project.run("rollback --steps 1").fails_with(2).says("no way back");
        assert_eq!(history(&project).len(), 5);
    }
}
