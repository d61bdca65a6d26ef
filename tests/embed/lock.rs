//! One lock for the command line, URLs and connections; and threads of an async runtime.

use std::time::Duration;

use manage::backend::{Access, Full, Opening, Session};
use manage::domain::database_url::DatabaseUrl;
use manage::domain::explain::{Class, Explain};
use manage::embed::Error;
use manage::migrate::MigrateError;

use super::*;

each_backend! {
    fn whoever_holds_it_is_waited_for_and_named(project: Project) {
        let project = two(project);
        let at = DatabaseUrl::parse(&url(&project)).expect("a URL");
        let opening = Opening { access: Access::Create, application: "other", environment: &|_| None, connect_timeout: None };
        let mut other = Session::open(&at, &opening).expect("a session");
        assert!(other.try_lock("manage migrate on deploy-2").expect("the lock"));
        let migrations = application(&project).lock_wait(Duration::ZERO);

        for way in WAYS {
            let error = migrate(&project, &migrations, way).expect_err("somebody holds it");

            let Error::Migrate(MigrateError::Locked(waiting)) = &error else { panic!("{error:?}") };
            let holder = waiting.holder.as_ref().and_then(|holder| holder.what.clone()).unwrap_or_default();
            assert!(holder.contains("manage migrate on deploy-2"), "{holder}");
            assert_eq!(error.class(), Class::Locked);
        }
        other.unlock().expect("unlocked");
        migrate(&project, &migrations, Way::Connection).expect("it is free");
    }

    fn threads_of_an_async_runtime_may_call(project: Project) {
        let project = two(project);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for way in WAYS {
            let done = runtime.block_on(async { migrate(&project, &application(&project), way) }).expect("it migrates");
            assert_eq!(done.finished.len(), 2);
            rollback(&project, &application(&project), way, 2).expect("back");
        }
    }
}

#[test]
fn a_start_with_nothing_to_do_takes_no_lock() {
    let project = two(Project::new());
    for way in WAYS {
        migrate(&project, &application(&project), way).expect("it migrates");
        project.remove("manage.db-manage-lock");

        migrate(&project, &application(&project), way).expect("nothing to do");

        assert!(!project.has("manage.db-manage-lock"));
        rollback(&project, &application(&project), way, 2).expect("back");
    }
}
