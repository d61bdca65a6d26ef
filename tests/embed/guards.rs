//! What a library call may do on which database.

use manage::domain::explain::{Class, Explain};
use manage::embed::Error;
use manage::guards::Standing;

use super::*;

fn without_consent(project: &Project) -> Migrations {
    manage::Project::open(project.folder()).expect("a project").migrations()
}

each_backend! {
    fn a_rollback_on_a_protected_database_takes_the_callers_word(project: Project) {
        let project = two(project);
        project.edit("manage.toml", |text| format!("{text}\n[environments.production]\nurl = \"${{LIVE_URL}}\"\nprotected = true\n"));
        let live = url(&project);
        let migrations = without_consent(&project).environment(move |name| (name == "LIVE_URL").then(|| live.clone()));
        migrations.migrate(&url(&project)).expect("migrating is free");

        let error = migrations.rollback(&url(&project), 1).expect_err("nobody said so");

        let Error::Refused(refused) = &error else { panic!("{error:?}") };
        assert_eq!((refused.deed, refused.standing), (Deed::Rollback, Standing::Protected));
        assert!(refused.why.contains("production"), "{}", refused.why);
        assert_eq!((error.class(), error.hint().as_deref()), (Class::Refused, Some("the caller has to say so: .consent(Deed::Rollback)")));
        assert_eq!(status(&project, &migrations, Way::Url).applied.len(), 2);
        let done = migrations.consent(Deed::Rollback).rollback(&url(&project), 1).expect("the caller said so");
        assert_eq!(versions(&done), ["2"]);
    }
}

#[test]
fn a_connection_does_not_say_where_its_server_is_so_its_database_counts_as_protected() {
    let project = two(Project::on(Backend::Postgres));
    let migrations = without_consent(&project);
    migrate(&project, &migrations, Way::Connection).expect("migrating is free");

    let error = rollback(&project, &migrations, Way::Connection, 1).expect_err("nobody said so");

    assert!(matches!(&error, Error::Refused(refused) if refused.standing == Standing::Protected), "{error:?}");
    rollback(&project, &migrations.consent(Deed::Rollback), Way::Connection, 1).expect("the caller said so");
}
