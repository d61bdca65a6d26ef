//! The parameters of a script's queries: which it may use, and the types that PostgreSQL is told of them.

use std::collections::BTreeMap;

use super::confine::Refusal;
use super::error::ScriptRefused;
use super::map::Map;
use crate::domain::engine::Engine;
use crate::domain::sql::binds::uses;
use crate::project::scripts::{Scope, Script};

/// The types of the parameters, by name. PostgreSQL takes the type of a parameter from its place, which may mislead it:
/// `:now - interval '1 day'`.
pub fn casts(script: &Script, map: Option<&Map>, engine: Engine) -> BTreeMap<String, String> {
    if engine == Engine::Sqlite {
        return BTreeMap::new();
    }
    let declared = script.head.params.iter();
    let mut casts: BTreeMap<String, String> =
        declared.filter_map(|(name, parameter)| Some((name.clone(), parameter.get_ref().cast()?.to_owned()))).collect();
    casts.insert("now".to_owned(), "timestamptz".to_owned());
    if let Some(map) = map {
        casts.extend(map.key_type(false).map(|kind| ("account".to_owned(), kind.to_owned())));
        casts.extend(map.key_type(true).map(|kind| ("site".to_owned(), kind.to_owned())));
    }
    casts
}

/// Refuses a parameter that `sql` uses and nobody declares. `tenant` says whether the script is confined to an account.
///
/// # Errors
/// When there is one: with the byte of `sql` at which it stands.
pub fn refuse_unknown(script: &Script, tenant: bool, sql: &str, engine: Engine) -> Result<(), Refusal> {
    let Ok(used) = uses(sql, engine) else { return Ok(()) };
    for parameter in used {
        let (message, hint) = match parameter.name.as_str() {
            "now" => continue,
            "account" | "site" if tenant => continue,
            "account" | "site" if script.head.scope == Scope::Global => (
                format!("`:{}` is used, but the script is not about one account", parameter.name),
                "leave scope = \"global\" out of the head, or the parameter out of the SQL".to_owned(),
            ),
            "account" | "site" => (
                format!("`:{}` is used, but the project has no [tenancy]", parameter.name),
                "describe the accounts in manage.toml: [tenancy]".to_owned(),
            ),
            name if script.head.params.contains_key(name) => continue,
            name => (
                format!("the parameter `:{name}` is not declared"),
                format!("declare it in the head: [params.{name}] with a type"),
            ),
        };
        return Err((parameter.start, ScriptRefused { message, place: None, hint }));
    }
    Ok(())
}
