//! The rows of an account in which nothing is wrong.

use super::shape::{CLUSTERED, IDEAS, SECTORS, SITES, Shape, TASKS};
use super::tables::Table;
use crate::domain::value::Value;

/// The values of one row, in the order of the table's columns.
pub(super) type Row = Vec<Value>;

const NAMES: [&str; 2] = ["one", "two"];
const THINGS: [&str; 12] =
    ["anvil", "hammer", "rocket", "magnet", "spring", "ladder", "kettle", "bellows", "pulley", "wrench", "lantern", "compass"];
const MANNERS: [&str; 12] =
    ["light", "heavy", "cheap", "used", "best", "small", "garden", "travel", "steel", "folding", "quiet", "antique"];
const INTENTS: [&str; 4] = ["informational", "commercial", "transactional", "navigational"];
/// Types and structures that go together.
const KINDS: [(&str, &str); 10] = [
    ("post", "article"),
    ("post", "guide"),
    ("post", "comparison"),
    ("post", "review"),
    ("post", "listicle"),
    ("page", "landing_page"),
    ("page", "service_page"),
    ("page", "general"),
    ("product", "product_page"),
    ("page", "cluster_hub"),
];

/// The rows of a table, one after the other.
pub(super) fn rows(shape: &Shape, table: Table) -> impl Iterator<Item = Row> + '_ {
    (0..shape.count(table)).map(move |at| row(shape, table, at))
}

/// Type and structure of the idea `idea` of a family, and of what came of it.
pub(super) fn kind(shape: &Shape, family: u64, idea: u64) -> (&'static str, &'static str) {
    KINDS[shape.chance.number(4, family * IDEAS + idea, KINDS.len() as u64) as usize]
}

fn row(shape: &Shape, table: Table, at: u64) -> Row {
    let mut row = match table {
        Table::Accounts => {
            vec![shape.slug.as_str().into(), format!("Test data {}", shape.slug).into(), "active".into()]
        }
        Table::Sites => site(shape, at),
        Table::Sectors => sector(shape, at),
        Table::Clusters => cluster(shape, at),
        Table::Keywords => keyword(shape, at),
        Table::Ideas => idea(shape, at),
        Table::Tasks => task(shape, at),
        Table::Content => content(shape, at),
        Table::Terms => term(shape, at),
        Table::Links => link(shape, at),
        Table::Integrations => integration(shape, at),
        Table::Logs => return answer(shape, at),
        Table::Keys => vec![account(shape), "openai".into(), "not a key".into(), true.into()],
        Table::Prompts if at == 0 => {
            vec![account(shape), "content".into(), "Write about {title} for {site}.".into(), true.into()]
        }
        // The mark, which is written once the keys of all rows are known.
        Table::Prompts => vec![account(shape), super::mark::PURPOSE.into(), "".into(), false.into()],
        Table::Balances => return vec![account(shape), Value::Integer(1000), shape.time(at).into()],
    };
    row.insert(0, shape.id(table, at).into());
    row.push(shape.time(at).into());
    row.push(shape.time(at).into());
    if matches!(table, Table::Clusters | Table::Keywords | Table::Ideas) {
        row.push(false.into());
    }
    row
}

fn account(shape: &Shape) -> Value {
    shape.id(Table::Accounts, 0).into()
}

/// The site of a family, counted from 0.
pub(super) fn site_of(family: u64) -> u64 {
    family % SITES
}

/// Account, site and sector of a family.
fn owner(shape: &Shape, family: u64) -> [Value; 3] {
    let site = site_of(family);
    let sector = site * SECTORS + (family / SITES) % SECTORS;
    [account(shape), shape.id(Table::Sites, site).into(), shape.id(Table::Sectors, sector).into()]
}

fn with(owner: [Value; 3], rest: Vec<Value>) -> Row {
    owner.into_iter().chain(rest).collect()
}

fn words(shape: &Shape, at: u64) -> String {
    let (manner, thing) = (shape.chance.one_of(1, at, &MANNERS), shape.chance.one_of(2, at, &THINGS));
    format!("{manner} {thing} {}", at + 1)
}

fn site(shape: &Shape, at: u64) -> Row {
    let name = NAMES[at as usize % NAMES.len()];
    let address = shape.address(name);
    vec![
        account(shape),
        Value::Null,
        format!("Test site {name}").into(),
        format!("test-{name}").into(),
        address.as_str().into(),
        address.as_str().into(),
        true.into(),
    ]
}

fn sector(shape: &Shape, at: u64) -> Row {
    let name = ["Workshop", "Household"][(at % SECTORS) as usize];
    vec![account(shape), shape.id(Table::Sites, at / SECTORS).into(), name.into(), true.into()]
}

fn volume(shape: &Shape, at: u64) -> i64 {
    shape.chance.number(3, at, 5000) as i64
}

fn cluster(shape: &Shape, family: u64) -> Row {
    let volumes: i64 = (0..CLUSTERED).map(|k| volume(shape, family * (CLUSTERED + 1) + k)).sum();
    let counts = [CLUSTERED as i64, volumes, IDEAS as i64, 1];
    let mut row = with(owner(shape, family), vec![format!("About {}", words(shape, family)).into(), "mapped".into()]);
    row.extend(counts.map(Value::from));
    row
}

fn keyword(shape: &Shape, at: u64) -> Row {
    let families = shape.families * (CLUSTERED + 1);
    let (family, place) = if at < families { (at / (CLUSTERED + 1), at % (CLUSTERED + 1)) } else { (at - families, CLUSTERED) };
    let clustered = place < CLUSTERED;
    let cluster = clustered.then(|| shape.id(Table::Clusters, family));
    with(
        owner(shape, family),
        vec![
            cluster.into(),
            words(shape, at).into(),
            volume(shape, at).into(),
            (shape.chance.number(5, at, 101) as i64).into(),
            shape.chance.one_of(6, at, &INTENTS).into(),
            if clustered { "mapped" } else { "new" }.into(),
        ],
    )
}

fn idea(shape: &Shape, at: u64) -> Row {
    let (family, place) = (at / IDEAS, at % IDEAS);
    let (content_type, structure) = kind(shape, family, place);
    let status = ["completed", "queued", "new"][place as usize];
    with(
        owner(shape, family),
        vec![
            shape.id(Table::Clusters, family).into(),
            format!("Idea: {}", words(shape, at)).into(),
            Value::Null,
            status.into(),
            content_type.into(),
            structure.into(),
        ],
    )
}

fn task(shape: &Shape, at: u64) -> Row {
    let (family, place) = (at / TASKS, at % TASKS);
    let (content_type, structure) = kind(shape, family, place);
    let status = match place {
        0 => "completed",
        _ => shape.chance.one_of(7, at, &["queued", "in_progress", "failed"]),
    };
    with(
        owner(shape, family),
        vec![
            shape.id(Table::Clusters, family).into(),
            shape.id(Table::Ideas, family * IDEAS + place).into(),
            format!("Write: {}", words(shape, at)).into(),
            Value::Null,
            status.into(),
            content_type.into(),
            structure.into(),
        ],
    )
}

fn content(shape: &Shape, family: u64) -> Row {
    let (content_type, structure) = kind(shape, family, 0);
    let title = words(shape, family);
    let published = family.is_multiple_of(3);
    let address = format!("{}/{}", shape.address(NAMES[site_of(family) as usize]), title.replace(' ', "-"));
    let (status, source, sync) = match family % 3 {
        0 => ("published", "wordpress", "synced"),
        1 => ("review", "native", "pending"),
        _ => ("draft", "native", "pending"),
    };
    with(
        owner(shape, family),
        vec![
            shape.id(Table::Clusters, family).into(),
            shape.id(Table::Tasks, family * TASKS).into(),
            title.as_str().into(),
            format!("<h1>{title}</h1><p>Everything about it.</p>").into(),
            (400 + shape.chance.number(8, family, 2000) as i64).into(),
            content_type.into(),
            structure.into(),
            status.into(),
            source.into(),
            sync.into(),
            published.then(|| format!("{}", family + 1)).into(),
            published.then_some(address).into(),
            published.then(|| shape.time(family).to_owned()).into(),
        ],
    )
}

/// Terms stand in the order of site, kind (category, tag) and number.
fn term(shape: &Shape, at: u64) -> Row {
    let (site, rest) = (at / (2 * shape.terms), at % (2 * shape.terms));
    let (tag, number) = (rest / shape.terms == 1, rest % shape.terms);
    let contents = (shape.families + SITES - 1 - site) / SITES;
    let links = if contents > number { (contents - number - 1) / shape.terms + 1 } else { 0 };
    // Below a site's first category stand the others.
    let parent = (!tag && number > 0).then(|| shape.id(Table::Terms, at - number));
    let (word, external) = if tag { ("tag", "post_tag") } else { ("category", "category") };
    vec![
        account(shape),
        shape.id(Table::Sites, site).into(),
        Value::Null,
        parent.into(),
        format!("{} {word} {}", shape.chance.one_of(9, at, &THINGS), number + 1).into(),
        format!("{word}-{}", number + 1).into(),
        word.into(),
        external.into(),
        format!("{}", number + 1).into(),
        (links as i64).into(),
    ]
}

fn link(shape: &Shape, at: u64) -> Row {
    let (family, tag) = (at / 2, at % 2);
    let (site, rank) = (site_of(family), family / SITES);
    let term = site * 2 * shape.terms + tag * shape.terms + rank % shape.terms;
    vec![
        account(shape),
        shape.id(Table::Sites, site).into(),
        shape.id(Table::Content, family).into(),
        shape.id(Table::Terms, term).into(),
    ]
}

fn integration(shape: &Shape, at: u64) -> Row {
    let address = shape.address(NAMES[at as usize % NAMES.len()]);
    vec![
        account(shape),
        shape.id(Table::Sites, at).into(),
        "wordpress".into(),
        format!("{{\"site_url\": \"{address}\", \"api_version\": 2}}").into(),
        address.into(),
        true.into(),
        true.into(),
        "success".into(),
        Value::Null,
        Value::Null,
        shape.time(at).into(),
    ]
}

fn answer(shape: &Shape, at: u64) -> Row {
    let request = format!("\"request_id\": \"{:016x}\"", shape.chance.number(10, at, u64::MAX));
    let (endpoint, code, success, body) = match at % 10 {
        0..=5 => ("/v1/tasks", 200, true, format!("{{\"success\": true, \"data\": {{\"id\": {}}}, {request}}}", at + 1)),
        6..=8 => (
            "/v1/keywords",
            200,
            true,
            format!("{{\"success\": true, \"data\": {{\"count\": 1, \"results\": [{{\"id\": {}}}]}}, {request}}}", at + 1),
        ),
        _ => ("/v1/content", 404, false, format!("{{\"success\": false, \"error\": \"not found\", {request}}}")),
    };
    vec![
        shape.id(Table::Logs, at).into(),
        account(shape),
        shape.id(Table::Sites, site_of(at)).into(),
        "GET".into(),
        endpoint.into(),
        Value::Integer(code),
        success.into(),
        body.into(),
        shape.time(at).into(),
    ]
}
