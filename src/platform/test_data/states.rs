//! Every state that a check must find, one row each.

use super::PREFIX;
use super::broken::{Broken, Column};
use super::clean;
use super::shape::{IDEAS, Shape, TASKS};
use super::tables::Table::{self, Clusters, Content, Ideas, Integrations, Keywords, Links, Sectors, Sites, Tasks, Terms};
use crate::domain::value::Value;

/// All of them. Those that reach over the account's border lead to a neighbour, a test account of its own.
pub(super) fn states(shape: &Shape) -> Broken<'_> {
    let mut broken = Broken::beside(shape);
    let b = &mut broken;
    statuses(b);
    derived_statuses(b);
    counts(b);
    types(b);
    addresses(b);
    sync(b);
    terms(b);
    links(b);
    sites(b);
    borders(b);
    broken
}

fn text(text: &str) -> Value {
    text.into()
}

const STATUS: &str = "status-fixes";

/// Words of no vocabulary.
fn statuses(b: &mut Broken<'_>) {
    for (table, column, word) in [
        (Keywords, "status", "pending"),
        (Keywords, "status", "New"),
        (Keywords, "status", ""),
        (Clusters, "status", "active"),
        (Clusters, "status", "Mapped"),
        (Clusters, "status", ""),
        (Ideas, "status", "scheduled"),
        (Ideas, "status", "published"),
        (Tasks, "status", "done"),
        (Content, "status", "live"),
        (Content, "sync_status", "ok"),
        (Integrations, "sync_status", "running"),
    ] {
        let id = b.add(table, &[(column, text(word))]);
        let rules: &[&str] = if table == Clusters { &["S4-39", "S4-41"] } else { &["S4-39"] };
        b.note(STATUS, rules, table, id, format!("{column} `{word}` is no word of today"));
    }
}

/// A cluster with one keyword, right by itself.
fn cluster_with_keyword(b: &mut Broken<'_>, columns: &[Column<'_>]) -> i64 {
    let mut all = vec![("status", text("mapped")), ("keywords_count", Value::Integer(1))];
    all.retain(|(name, _)| !columns.iter().any(|(other, _)| other == name));
    all.extend_from_slice(columns);
    let cluster = b.add(Clusters, &all);
    b.add(Keywords, &[("cluster_id", cluster.into()), ("status", text("mapped"))]);
    cluster
}

/// Words that are known, but not true.
fn derived_statuses(b: &mut Broken<'_>) {
    let cluster = b.add(Clusters, &[("status", text("mapped"))]);
    b.note(STATUS, &["S4-39", "S4-41"], Clusters, cluster, "mapped, without keywords and ideas");
    let cluster = cluster_with_keyword(b, &[("status", text("new"))]);
    b.note(STATUS, &["S4-39", "S4-41"], Clusters, cluster, "new, with a keyword");
    let cluster = b.add(Clusters, &[("ideas_count", Value::Integer(1))]);
    b.add(Ideas, &[("cluster_id", cluster.into())]);
    b.note(STATUS, &["S4-39", "S4-41"], Clusters, cluster, "new, with an idea");

    let keyword = b.add(Keywords, &[("status", text("mapped"))]);
    b.note(STATUS, &["S4-39"], Keywords, keyword, "mapped, without a cluster");
    let cluster = b.add(Clusters, &[("status", text("mapped")), ("keywords_count", Value::Integer(1))]);
    let keyword = b.add(Keywords, &[("cluster_id", cluster.into())]);
    b.note(STATUS, &["S4-39"], Keywords, keyword, "new, in a cluster");

    for (status, task, content, what) in [
        ("completed", None, false, "completed, without a task"),
        ("queued", None, false, "queued, without a task"),
        ("new", Some("queued"), false, "new, with a task"),
        ("completed", Some("queued"), false, "completed, with a task that has no content"),
        ("queued", Some("completed"), false, "queued, with a completed task"),
        ("queued", Some("in_progress"), true, "queued, with a task that has content"),
    ] {
        let idea = b.add(Ideas, &[("status", text(status))]);
        if let Some(word) = task {
            let task = b.add(Tasks, &[("idea_id", idea.into()), ("status", text(word))]);
            if content {
                b.add(Content, &[("task_id", task.into())]);
            }
        }
        b.note(STATUS, &["S4-39", "S4-48"], Ideas, idea, what);
    }

    let content = b.add(Content, &[("status", text("published")), ("source", text("wordpress"))]);
    b.note(STATUS, &["S4-39"], Content, content, "published, from WordPress, without external_id");
    let content = b.add(Content, &[("status", text("published"))]);
    b.note(STATUS, &["S4-39"], Content, content, "published, on a WordPress site, without external_id");
}

fn counts(b: &mut Broken<'_>) {
    for (column, wrong) in [("keywords_count", 5), ("total_volume", 3_000_000_000), ("ideas_count", 2), ("content_count", 1)] {
        let cluster = cluster_with_keyword(b, &[(column, Value::Integer(wrong))]);
        b.note("cluster-counts", &["S4-41"], Clusters, cluster, format!("{column} is off"));
    }
}

fn types(b: &mut Broken<'_>) {
    const CHECK: &str = "content-types";
    const RULES: &[&str] = &["S4-42"];
    for (table, content_type, structure) in [
        (Ideas, "blog_post", "article"),
        (Tasks, "landing_page", "landing_page"),
        (Content, "woo_product", "product_page"),
        (Content, "podcast", "article"),
    ] {
        let id = b.add(table, &[("content_type", text(content_type)), ("content_structure", text(structure))]);
        b.note(CHECK, RULES, table, id, format!("content_type `{content_type}` is no word of today"));
    }
    for (table, content_type, structure) in
        [(Ideas, "post", "tutorial"), (Tasks, "page", "article"), (Content, "product", ""), (Content, "taxonomy", "general")]
    {
        let id = b.add(table, &[("content_type", text(content_type)), ("content_structure", text(structure))]);
        b.note(CHECK, RULES, table, id, format!("content_structure `{structure}` is none of a {content_type}"));
    }

    let idea = b.add(Ideas, &[("status", text("queued"))]);
    let page = [("content_type", text("page")), ("content_structure", text("general"))];
    let task = b.add(Tasks, &[&page[..], &[("idea_id", idea.into())]].concat());
    b.note(CHECK, RULES, Tasks, task, "another type than its idea");
    let task = b.add(Tasks, &[]);
    let content = b.add(Content, &[("task_id", task.into()), ("content_structure", text("guide"))]);
    b.note(CHECK, RULES, Content, content, "another structure than its task");
}

fn addresses(b: &mut Broken<'_>) {
    let states: [(&str, &str, Option<&str>, Option<&str>); 8] = [
        ("site_url is missing", "empty", None, Some("{good}")),
        ("site_url is not absolute", "relative", Some("relative.example"), Some("{good}")),
        ("site_url is of another protocol", "ftp", Some("ftp://{host}"), Some("{good}")),
        ("the host has capitals", "capitals", Some("https://{HOST}"), Some("{good}")),
        ("there is a slash at the end", "slash", Some("{good}/"), Some("{good}")),
        ("config has another site_url", "config", Some("{good}"), Some("https://elsewhere.example")),
        ("config has no site_url", "silent", Some("{good}"), None),
        ("the site has another domain", "domain", Some("https://elsewhere.example"), Some("https://elsewhere.example")),
    ];
    for (what, name, url, configured) in states {
        let (site, good) = site_with_address(b, name);
        let host = good.trim_start_matches("https://").to_owned();
        let fill = |text: &str| text.replace("{good}", &good).replace("{host}", &host).replace("{HOST}", &host.to_uppercase());
        let config = configured.map_or("{}".to_owned(), |url| format!("{{\"site_url\": \"{}\"}}", fill(url)));
        let id = b.add(
            Integrations,
            &[
                ("site_id", site.into()),
                ("platform", text("wordpress")),
                ("site_url", url.map(fill).into()),
                ("config", config.into()),
            ],
        );
        b.note("integration-site-url", &["S4-43"], Integrations, id, what);
    }
    let (site, good) = site_with_address(b, "torn");
    let config = format!("{{\"site_url\": \"{good}\",");
    let id = b.add(
        Integrations,
        &[("site_id", site.into()), ("platform", text("wordpress")), ("site_url", good.into()), ("config", config.into())],
    );
    b.note("integration-site-url", &["S4-43"], Integrations, id, "config is not JSON");
}

fn site_with_address(b: &mut Broken<'_>, name: &str) -> (i64, String) {
    let address = b.shape.address(name);
    let site = b.add(Sites, &[("slug", format!("test-{name}").into()), ("domain", address.as_str().into())]);
    (site, address)
}

fn sync(b: &mut Broken<'_>) {
    const CHECK: &str = "sync";
    const RULES: &[&str] = &["S4-44"];
    let then = || -> Value { "2025-02-01 00:00:00".into() };
    let external = |b: &Broken<'_>| -> Column<'static> { ("external_id", format!("broken-{}", b.rows(Content).len()).into()) };
    for (what, columns) in [
        ("has an external_id and is pending", vec![external(b)]),
        ("is synced without last_synced_at", vec![external_more(b, 1), ("sync_status", text("synced"))]),
        ("is synced without an external_id", vec![("sync_status", text("synced")), ("last_synced_at", then())]),
        ("failed long ago", vec![("sync_status", text("failed"))]),
    ] {
        let id = b.add(Content, &columns);
        b.note(CHECK, RULES, Content, id, what);
    }
    let twin = || vec![("external_id", text("twin")), ("sync_status", text("synced")), ("last_synced_at", then())];
    b.add(Content, &twin());
    let id = b.add(Content, &twin());
    b.note(CHECK, RULES, Content, id, "has the external_id of an older row of its site");

    let id = b.add(Integrations, &[("sync_status", text("syncing")), ("sync_started_at", then())]);
    b.note(CHECK, RULES, Integrations, id, "is stuck in syncing");
    let id = b.add(Integrations, &[("sync_status", text("syncing"))]);
    b.note(CHECK, RULES, Integrations, id, "is in syncing since nobody knows when");
    let id = b.add(Integrations, &[("sync_status", text("success"))]);
    b.note(CHECK, RULES, Integrations, id, "says success without last_sync_at");
}

fn external_more(b: &Broken<'_>, more: usize) -> Column<'static> {
    ("external_id", format!("broken-{}", b.rows(Content).len() + more).into())
}

const TAXONOMY: &str = "taxonomy";
/// What is wrong with terms and links is repaired by one fix.
const OF_TAXONOMY: &[&str] = &["S4-40", "S4-45"];

fn terms(b: &mut Broken<'_>) {
    let other_site: Value = b.shape.id(Sites, 1).into();
    b.add(Terms, &[("slug", text("twin"))]);
    let id = b.add(Terms, &[("slug", text("twin"))]);
    b.note(TAXONOMY, &["S4-40"], Terms, id, "has the slug of an older term of its site and type");
    let external = || vec![("external_taxonomy", text("category")), ("external_id", text("twin"))];
    b.add(Terms, &external());
    let id = b.add(Terms, &external());
    b.note(TAXONOMY, &["S4-40"], Terms, id, "has the external_id of an older term of its site");

    let parent = b.add(Terms, &[("site_id", other_site), ("sector_id", Value::Null)]);
    let id = b.add(Terms, &[("parent_id", parent.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Terms, id, "has a parent of another site");
    let parent = b.add(Terms, &[("taxonomy_type", text("tag"))]);
    let id = b.add(Terms, &[("parent_id", parent.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Terms, id, "has a parent of another type");

    let first = b.shape.id(Terms, b.shape.count(Terms) + b.rows(Terms).len() as u64);
    let id = b.add(Terms, &[("parent_id", first.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Terms, id, "is its own parent");
    let (one, two) = (id + 1, id + 2);
    for (id, parent) in [(one, two), (two, one)] {
        b.add(Terms, &[("parent_id", parent.into())]);
        b.note(TAXONOMY, OF_TAXONOMY, Terms, id, "is an ancestor of itself");
    }

    let id = b.add(Terms, &[("content_count", Value::Integer(9))]);
    b.note(TAXONOMY, OF_TAXONOMY, Terms, id, "content_count is off");
    let id = b.add(Terms, &[("name", text(""))]);
    b.note(TAXONOMY, &["S4-40"], Terms, id, "has no name");
    let id = b.add(Terms, &[("slug", text(" "))]);
    b.note(TAXONOMY, &["S4-40"], Terms, id, "has no slug");
}

fn links(b: &mut Broken<'_>) {
    let other_site: Value = b.shape.id(Sites, 1).into();
    let other_sector: Value = b.shape.id(Sectors, 2).into();
    let counted = |b: &mut Broken<'_>, links: i64| b.add(Terms, &[("content_count", Value::Integer(links))]);
    let nowhere: Value = i64::from(i32::MAX).into();

    let term = counted(b, 1);
    let id = b.add(Links, &[("content_id", nowhere.clone()), ("taxonomy_term_id", term.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Links, id, "its content does not exist");
    let content = b.add(Content, &[]);
    let id = b.add(Links, &[("content_id", content.into()), ("taxonomy_term_id", nowhere)]);
    b.note(TAXONOMY, OF_TAXONOMY, Links, id, "its term does not exist");

    let there = [("site_id", other_site.clone()), ("sector_id", other_sector.clone())];
    let term = counted(b, 1);
    let content = b.add(Content, &there);
    let id = b.add(Links, &[("content_id", content.into()), ("taxonomy_term_id", term.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Links, id, "its content is of another site");
    let term = b.add(Terms, &there);
    let content = b.add(Content, &[]);
    let id = b.add(Links, &[("content_id", content.into()), ("taxonomy_term_id", term.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Links, id, "its term is of another site");
    let term = counted(b, 0);
    let content = b.add(Content, &[]);
    let id = b.add(Links, &[("site_id", other_site), ("content_id", content.into()), ("taxonomy_term_id", term.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Links, id, "content and term are of another site");

    let term = counted(b, 2);
    let content = b.add(Content, &[]);
    let both = [("content_id", content.into()), ("taxonomy_term_id", term.into())];
    b.add(Links, &both);
    let id = b.add(Links, &both);
    b.note(TAXONOMY, OF_TAXONOMY, Links, id, "is there twice");
}

/// Pointers into the account's other site.
fn sites(b: &mut Broken<'_>) {
    const CHECK: &str = "tenancy";
    let shape = b.shape;
    let sector = shape.id(Sectors, 2);
    // The family of the other site: a cluster, an idea and a task in use.
    let (cluster, idea, task) = (shape.id(Clusters, 1), shape.id(Ideas, IDEAS), shape.id(Tasks, TASKS));
    let (idea_type, idea_structure) = clean::kind(shape, 1, 0);
    let kind = [("content_type", text(idea_type)), ("content_structure", text(idea_structure))];
    let mapped = ("status", text("mapped"));
    for (table, column, target, more) in [
        (Clusters, "sector_id", sector, vec![]),
        (Keywords, "sector_id", sector, vec![]),
        (Keywords, "cluster_id", cluster, vec![mapped]),
        (Ideas, "sector_id", sector, vec![]),
        (Ideas, "cluster_id", cluster, vec![]),
        (Tasks, "sector_id", sector, vec![]),
        (Tasks, "cluster_id", cluster, vec![]),
        (Tasks, "idea_id", idea, kind.to_vec()),
        (Content, "sector_id", sector, vec![]),
        (Content, "cluster_id", cluster, vec![]),
        (Content, "task_id", task, kind.to_vec()),
        (Terms, "sector_id", sector, vec![]),
    ] {
        let id = b.add(table, &[&[(column, target.into())], &more[..]].concat());
        b.note(CHECK, &["S4-37", "S4-38"], table, id, format!("{column} leads to another site"));
    }
}

/// Pointers over the account's border: unowned rows among them.
fn borders(b: &mut Broken<'_>) {
    const CHECK: &str = "unowned-rows";
    let there = Neighbour::beside(b);
    let mapped = ("status", text("mapped"));
    for (table, column, target, more) in [
        (Sectors, "site_id", there.site, vec![]),
        (Clusters, "sector_id", there.sector, vec![]),
        (Keywords, "sector_id", there.sector, vec![]),
        (Keywords, "cluster_id", there.cluster, vec![mapped]),
        (Ideas, "sector_id", there.sector, vec![]),
        (Ideas, "cluster_id", there.cluster, vec![]),
        (Tasks, "sector_id", there.sector, vec![]),
        (Tasks, "cluster_id", there.cluster, vec![]),
        (Tasks, "idea_id", there.idea, vec![]),
        (Content, "sector_id", there.sector, vec![]),
        (Content, "cluster_id", there.cluster, vec![]),
        (Content, "task_id", there.task, vec![]),
        (Terms, "sector_id", there.sector, vec![]),
        (Integrations, "site_id", there.site, vec![]),
        (
            Table::Logs,
            "site_id",
            there.site,
            vec![("method", text("GET")), ("endpoint", text("/v1")), ("status_code", Value::Integer(204))],
        ),
    ] {
        let id = b.add(table, &[&[(column, target.into())], &more[..]].concat());
        b.note(CHECK, &["S4-37", "S4-38"], table, id, format!("{column} leads into another account"));
    }
    // Whose a term is, is not told by its parent: the term is the account's own, and is on the wrong site.
    let id = b.add(Terms, &[("parent_id", there.term.into())]);
    b.note(TAXONOMY, OF_TAXONOMY, Terms, id, "parent_id leads into another account");
    // The site alone is the neighbour's.
    for (table, more) in [
        (Clusters, vec![("sector_id", Value::from(there.sector))]),
        (Keywords, vec![("sector_id", Value::Null)]),
        (Terms, vec![("sector_id", Value::Null)]),
    ] {
        let id = b.add(table, &[&[("site_id", there.site.into())], &more[..]].concat());
        b.note(CHECK, &["S4-37", "S4-38"], table, id, "site_id leads into another account");
    }
    let term = b.add(Terms, &[]);
    let content = b.add(Content, &[]);
    for (content, term, what) in [
        (there.content, term, "content_id leads into another account"),
        (content, there.term, "taxonomy_term_id leads into another account"),
        (there.content, there.term, "content_id and taxonomy_term_id lead into another account"),
    ] {
        let id = b.add(Links, &[("content_id", content.into()), ("taxonomy_term_id", term.into())]);
        b.note(CHECK, &["S4-37", "S4-38", "S4-40", "S4-45"], Links, id, what);
    }
}

/// A test account of its own, in which nothing is wrong.
struct Neighbour {
    site: i64,
    sector: i64,
    cluster: i64,
    idea: i64,
    task: i64,
    content: i64,
    term: i64,
}

impl Neighbour {
    fn beside(b: &mut Broken<'_>) -> Self {
        let slug = neighbour(&b.shape.slug);
        let account: Value =
            b.add(Table::Accounts, &[("name", format!("Test data {slug}").into()), ("slug", slug.into())]).into();
        let own = |more: &[Column<'static>]| [&[("account_id", account.clone())], more].concat();
        let site = b.add(Sites, &own(&[("slug", text("test-other"))]));
        let sector = b.add(Sectors, &own(&[("site_id", site.into())]));
        let own = |more: &[Column<'static>]| own(&[&[("site_id", site.into()), ("sector_id", sector.into())], more].concat());
        let cluster = b.add(
            Clusters,
            &own(&[("status", text("mapped")), ("ideas_count", Value::Integer(1)), ("content_count", Value::Integer(1))]),
        );
        let idea = b.add(Ideas, &own(&[("cluster_id", cluster.into()), ("status", text("completed"))]));
        let of = [("cluster_id", Value::from(cluster))];
        let task = b.add(Tasks, &own(&[&of[..], &[("idea_id", idea.into()), ("status", text("completed"))]].concat()));
        let content = b.add(Content, &own(&[&of[..], &[("task_id", task.into())]].concat()));
        let term = b.add(Terms, &own(&[]));
        Self { site, sector, cluster, idea, task, content, term }
    }
}

/// The slug of the neighbour of a test account.
pub(super) fn neighbour(slug: &str) -> String {
    debug_assert!(slug.starts_with(PREFIX));
    format!("{slug}-other")
}
