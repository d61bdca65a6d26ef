//! The README's example of the library: what follows the first empty line stands there word for word.

use std::path::Path;

use manage::backend::{Access, Opening, Session};
use manage::domain::database_url::DatabaseUrl;
use manage::ledger::Actor;
use manage::migrate::{Engine, Forward, Ignore, Options};
use manage::project::{Project, migrations};

pub fn migrate(folder: &Path, url: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let project = Project::open(folder)?;
    let url = DatabaseUrl::parse(url)?.relative_to(&project.folder);
    let files = migrations::load(&project.migrations_folder(), url.engine())?;
    let environment = |name: &str| std::env::var(name).ok();
    let opening = Opening { access: Access::Create, application: "my-app", environment: &environment, connect_timeout: None };
    let mut session = Session::open(&url, &opening)?;
    let actor = Actor { user: "app".into(), host: "web-1".into(), tool: "my-app 1.0".into() };
    let options = Options::new("my-app on web-1");
    let mut engine =
        Engine { session: &mut session, files: &files, actor: &actor, options: &options, observer: &mut Ignore, stop: &|| false };
    Ok(engine.forward(&Forward::Latest)?.finished.len())
}
