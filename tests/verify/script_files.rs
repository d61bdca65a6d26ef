//! Files that are no valid scripts.

use super::fixture::{platform, script};
use crate::support::*;

each_backend! {
    fn a_wrong_head_is_told_with_its_place(project: Project) {
        let project = platform(project.check("typo", "tabel = \"pages\"", "SELECT 1 AS what WHERE :account = 1"));

        project.run("verify --account acme").exits_with(2).says("verify_typo.sql:3:1").snapshot("verify_wrong_head");
        project.run("verify typo --account acme").fails_with(2).says("do you mean `table`?");
    }

    fn a_script_says_how_it_uses_its_account(project: Project) {
        let project = platform(project.check("silent", "", "SELECT 'x:account' AS what FROM pages -- :account\n/* :account */"));

        project.run("verify --account acme").exits_with(2).says("does not use :account");
    }

    fn undeclared_parameters_and_missing_columns_are_told(project: Project) {
        let project = platform(project
            .check("undeclared", "", "SELECT id, 'x' AS what FROM pages\nWHERE account_id = :account AND id > :least")
            .check("whatless", "", "SELECT id FROM pages WHERE account_id = :account"));

        project.run("verify undeclared --account acme").exits_with(2).says("verify_undeclared.sql:6:38").says("[params.least]");
        project.run("verify whatless --account acme").exits_with(2).says("no column `what`");
    }

    fn names_are_typed_with_dashes_and_slips_are_understood(project: Project) {
        let project = platform(project.check("page_status", "", "SELECT 1 AS what WHERE 1 = 0 AND :account = 1"));

        project.run("verify page-status --account acme").ok();
        project.run("verify verify_page_status --account acme").ok();
        project.run("verify page-statsu --account acme").fails_with(2).says("do you mean `page-status`?");
        project.write("scripts/fix_other.sql", &script("table = \"pages\"", "SELECT 1"));
        project.run("verify other --account acme").fails_with(2).says("manage fix other");
    }

    fn a_file_whose_name_says_nothing_is_refused(project: Project) {
        let project = platform(project);
        project.write("scripts/cleanup.sql", "SELECT 1");

        project.run("verify --account acme").fails_with(2).says("what kind of script");
    }
}
