//! The tables that get test data, in the order in which they are filled; they are emptied the other way round.

/// A table of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Accounts,
    Sites,
    Sectors,
    Clusters,
    Keywords,
    Ideas,
    Tasks,
    Content,
    Terms,
    Links,
    Integrations,
    Logs,
    Keys,
    Prompts,
    Balances,
}

impl Table {
    /// All of them, parents first.
    pub const ALL: [Self; 15] = [
        Self::Accounts,
        Self::Sites,
        Self::Sectors,
        Self::Clusters,
        Self::Keywords,
        Self::Ideas,
        Self::Tasks,
        Self::Content,
        Self::Terms,
        Self::Links,
        Self::Integrations,
        Self::Logs,
        Self::Keys,
        Self::Prompts,
        Self::Balances,
    ];

    /// Its name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Sites => "sites",
            Self::Sectors => "sectors",
            Self::Clusters => "clusters",
            Self::Keywords => "keywords",
            Self::Ideas => "content_ideas",
            Self::Tasks => "tasks",
            Self::Content => "content",
            Self::Terms => "taxonomy_terms",
            Self::Links => "content_taxonomy",
            Self::Integrations => "site_integrations",
            Self::Logs => "api_request_log",
            Self::Keys => "ai_keys",
            Self::Prompts => "ai_prompts",
            Self::Balances => "credit_balances",
        }
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Its columns, in the order in which rows are written.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Accounts => &["id", "slug", "name", "status", "created_at", "updated_at"],
            Self::Sites => {
                &["id", "account_id", "country_code", "name", "slug", "domain", "wp_url", "is_active", "created_at", "updated_at"]
            }
            Self::Sectors => &["id", "account_id", "site_id", "name", "is_active", "created_at", "updated_at"],
            Self::Clusters => &[
                "id",
                "account_id",
                "site_id",
                "sector_id",
                "name",
                "status",
                "keywords_count",
                "total_volume",
                "ideas_count",
                "content_count",
                "created_at",
                "updated_at",
                "disabled",
            ],
            Self::Keywords => &[
                "id",
                "account_id",
                "site_id",
                "sector_id",
                "cluster_id",
                "keyword",
                "volume",
                "difficulty",
                "intent",
                "status",
                "created_at",
                "updated_at",
                "disabled",
            ],
            Self::Ideas => &[
                "id",
                "account_id",
                "site_id",
                "sector_id",
                "cluster_id",
                "title",
                "description",
                "status",
                "content_type",
                "content_structure",
                "created_at",
                "updated_at",
                "disabled",
            ],
            Self::Tasks => &[
                "id",
                "account_id",
                "site_id",
                "sector_id",
                "cluster_id",
                "idea_id",
                "title",
                "description",
                "status",
                "content_type",
                "content_structure",
                "created_at",
                "updated_at",
            ],
            Self::Content => &[
                "id",
                "account_id",
                "site_id",
                "sector_id",
                "cluster_id",
                "task_id",
                "title",
                "content_html",
                "word_count",
                "content_type",
                "content_structure",
                "status",
                "source",
                "sync_status",
                "external_id",
                "external_url",
                "last_synced_at",
                "created_at",
                "updated_at",
            ],
            Self::Terms => &[
                "id",
                "account_id",
                "site_id",
                "sector_id",
                "parent_id",
                "name",
                "slug",
                "taxonomy_type",
                "external_taxonomy",
                "external_id",
                "content_count",
                "created_at",
                "updated_at",
            ],
            Self::Links => &["id", "account_id", "site_id", "content_id", "taxonomy_term_id", "created_at", "updated_at"],
            Self::Integrations => &[
                "id",
                "account_id",
                "site_id",
                "platform",
                "config",
                "site_url",
                "is_active",
                "sync_enabled",
                "sync_status",
                "sync_error",
                "sync_started_at",
                "last_sync_at",
                "created_at",
                "updated_at",
            ],
            Self::Logs => {
                &["id", "account_id", "site_id", "method", "endpoint", "status_code", "success", "response_body", "created_at"]
            }
            Self::Keys => &["id", "account_id", "provider", "api_key", "is_active", "created_at", "updated_at"],
            Self::Prompts => &["id", "account_id", "purpose", "body", "is_active", "created_at", "updated_at"],
            Self::Balances => &["account_id", "credits", "updated_at"],
        }
    }

    /// Whether its key is a number of its own.
    pub fn has_id(self) -> bool {
        self != Self::Balances
    }
}

/// Pointers that no foreign key holds: table, column, and the table that it points to.
pub(super) const LOOSE_POINTERS: [(Table, &str, Table); 2] =
    [(Table::Links, "content_id", Table::Content), (Table::Links, "taxonomy_term_id", Table::Terms)];
