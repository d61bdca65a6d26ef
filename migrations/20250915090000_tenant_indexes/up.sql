-- Every question starts with an account and a site; every link is followed from both ends.
-- manage: allow require-concurrent-index-creation the tables had a few thousand rows then, and 20 indexes are made or none

CREATE INDEX idx_sectors_tenant ON sectors (account_id, site_id);
CREATE INDEX idx_clusters_tenant ON clusters (account_id, site_id);
CREATE INDEX idx_keywords_tenant ON keywords (account_id, site_id);
CREATE INDEX idx_keywords_cluster ON keywords (cluster_id);
CREATE INDEX idx_content_ideas_tenant ON content_ideas (account_id, site_id);
CREATE INDEX idx_content_ideas_cluster ON content_ideas (cluster_id);
CREATE INDEX idx_tasks_tenant ON tasks (account_id, site_id);
CREATE INDEX idx_tasks_cluster ON tasks (cluster_id);
CREATE INDEX idx_tasks_idea ON tasks (idea_id);
CREATE INDEX idx_content_tenant ON content (account_id, site_id);
CREATE INDEX idx_content_cluster ON content (cluster_id);
CREATE INDEX idx_content_task ON content (task_id);
CREATE INDEX idx_content_external ON content (site_id, external_id);
CREATE INDEX idx_taxonomy_terms_tenant ON taxonomy_terms (account_id, site_id);
CREATE INDEX idx_taxonomy_terms_parent ON taxonomy_terms (parent_id);
CREATE INDEX idx_content_taxonomy_tenant ON content_taxonomy (account_id, site_id);
CREATE INDEX idx_content_taxonomy_content ON content_taxonomy (content_id);
CREATE INDEX idx_content_taxonomy_term ON content_taxonomy (taxonomy_term_id);
CREATE INDEX idx_site_integrations_tenant ON site_integrations (account_id, site_id);
CREATE INDEX idx_credit_usage_log_tenant ON credit_usage_log (account_id, site_id);
