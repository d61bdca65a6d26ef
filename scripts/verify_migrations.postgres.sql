/* manage
description = "The database is what the migrations make: all applied, every table and column there, owners never NULL"
scope = "global"
key = ["version", "column_name"]
*/
-- What a new migration adds is written here too; a test holds both lists against the migrations.
-- That no row leaves its account or site is looked at by `unowned-rows` and `tenancy`.
WITH declared_versions (version) AS (
    VALUES
        ('20250113090000'), ('20250120090000'), ('20250127090000'), ('20250203090000'), ('20250303090000'),
        ('20250407090000'), ('20250512090000'), ('20250616090000'), ('20250714090000'), ('20250818090000'),
        ('20250915090000'), ('20251208090000'), ('20260112090000'), ('20260119090000'), ('20260309090000')
),
-- Table, the columns that say whose a row is and are never NULL, all columns.
declared_tables (table_name, owners, columns_of) AS (
    VALUES
        ('accounts', '[]',
         '["id", "slug", "name", "status", "created_at", "updated_at"]'),
        ('ai_keys', '["account_id"]',
         '["id", "account_id", "provider", "api_key", "is_active", "created_at", "updated_at"]'),
        ('ai_prompts', '["account_id"]',
         '["id", "account_id", "purpose", "body", "is_active", "created_at", "updated_at"]'),
        ('api_request_log', '["account_id"]',
         '["id", "account_id", "site_id", "method", "endpoint", "status_code", "success", "response_body",
          "created_at"]'),
        ('clusters', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "sector_id", "name", "status", "keywords_count", "total_volume",
          "ideas_count", "content_count", "created_at", "updated_at", "disabled"]'),
        ('content', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "sector_id", "cluster_id", "task_id", "title", "content_html",
          "word_count", "content_type", "content_structure", "status", "source", "sync_status", "external_id",
          "external_url", "last_synced_at", "created_at", "updated_at"]'),
        ('content_ideas', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "sector_id", "cluster_id", "title", "description", "status",
          "content_type", "content_structure", "created_at", "updated_at", "disabled"]'),
        ('content_taxonomy', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "content_id", "taxonomy_term_id", "created_at", "updated_at"]'),
        ('countries', '[]',
         '["code", "name"]'),
        ('credit_balances', '["account_id"]',
         '["account_id", "credits", "updated_at"]'),
        ('credit_usage_log', '["account_id"]',
         '["id", "account_id", "site_id", "operation", "credits", "created_at"]'),
        ('keywords', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "sector_id", "cluster_id", "keyword", "volume", "difficulty", "intent",
          "status", "created_at", "updated_at", "disabled"]'),
        ('sectors', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "name", "is_active", "created_at", "updated_at"]'),
        ('site_integrations', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "platform", "config", "site_url", "is_active", "sync_enabled",
          "sync_status", "sync_error", "sync_started_at", "last_sync_at", "created_at", "updated_at"]'),
        ('sites', '["account_id"]',
         '["id", "account_id", "country_code", "name", "slug", "domain", "wp_url", "is_active", "created_at",
          "updated_at"]'),
        ('tasks', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "sector_id", "cluster_id", "idea_id", "title", "description", "status",
          "content_type", "content_structure", "created_at", "updated_at"]'),
        ('taxonomy_terms', '["account_id", "site_id"]',
         '["id", "account_id", "site_id", "sector_id", "parent_id", "name", "slug", "taxonomy_type",
          "external_taxonomy", "external_id", "content_count", "created_at", "updated_at"]')
),
renamed (table_name, column_name) AS (
    VALUES
        ('content_ideas', 'site_entity_type'),
        ('content_ideas', 'cluster_role'),
        ('tasks', 'entity_type'),
        ('tasks', 'cluster_role'),
        ('content', 'entity_type'),
        ('content', 'cluster_role'),
        ('content', 'html_content')
),
there (table_name, column_name, never_null) AS (
    SELECT CAST(c.relname AS text), CAST(a.attname AS text), a.attnotnull
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
),
declared (table_name, column_name) AS (
    SELECT d.table_name, c.value FROM declared_tables d, json_array_elements_text(CAST(d.columns_of AS json)) AS c (value)
),
owners (table_name, column_name) AS (
    SELECT d.table_name, c.value FROM declared_tables d, json_array_elements_text(CAST(d.owners AS json)) AS c (value)
)
SELECT '__diesel_schema_migrations' AS table_name, d.version AS version, NULL AS column_name,
    'migration ' || d.version || ' is not applied' AS what, 'manage migrate' AS expected
FROM declared_versions d
WHERE NOT EXISTS (SELECT 1 FROM __diesel_schema_migrations m WHERE m.version = d.version)

UNION ALL
SELECT '__diesel_schema_migrations', m.version, NULL,
    'migration ' || m.version || ' is applied and unknown', 'a folder in migrations/'
FROM __diesel_schema_migrations m
WHERE NOT EXISTS (SELECT 1 FROM declared_versions d WHERE d.version = m.version)

UNION ALL
SELECT d.table_name, NULL, NULL, 'the table does not exist', 'the table, as the migrations make it'
FROM declared_tables d
WHERE NOT EXISTS (SELECT 1 FROM there t WHERE t.table_name = d.table_name)

UNION ALL
SELECT d.table_name, NULL, d.column_name, 'the column does not exist', 'the column, as the migrations make it'
FROM declared d
WHERE EXISTS (SELECT 1 FROM there t WHERE t.table_name = d.table_name)
    AND NOT EXISTS (SELECT 1 FROM there t WHERE t.table_name = d.table_name AND t.column_name = d.column_name)

UNION ALL
SELECT r.table_name, NULL, r.column_name, 'the column was renamed, and is there again', 'the new name alone'
FROM renamed r
WHERE EXISTS (SELECT 1 FROM there t WHERE t.table_name = r.table_name AND t.column_name = r.column_name)

UNION ALL
SELECT o.table_name, NULL, o.column_name, 'the column takes NULL', 'NOT NULL: it says whose the row is'
FROM owners o
JOIN there t ON t.table_name = o.table_name AND t.column_name = o.column_name
WHERE NOT t.never_null
