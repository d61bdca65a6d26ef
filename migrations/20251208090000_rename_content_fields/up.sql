-- One name for one thing in ideas, tasks and content. Stops if an old column is gone or a new one is there;
-- a database in which the rename was made by hand is recorded with `manage migrate --fake`.
-- manage: allow require-concurrent-index-creation columns and indexes change together, while the platform is stopped
-- manage: allow require-concurrent-index-deletion columns and indexes change together, while the platform is stopped
-- manage: allow rename-in-use the platform is stopped for this deploy

ALTER TABLE content_ideas RENAME COLUMN site_entity_type TO content_type;
ALTER TABLE content_ideas RENAME COLUMN cluster_role TO content_structure;
ALTER TABLE tasks RENAME COLUMN entity_type TO content_type;
ALTER TABLE tasks RENAME COLUMN cluster_role TO content_structure;
ALTER TABLE content RENAME COLUMN entity_type TO content_type;
ALTER TABLE content RENAME COLUMN cluster_role TO content_structure;
ALTER TABLE content RENAME COLUMN html_content TO content_html;

DROP INDEX idx_content_ideas_site_entity_type;
DROP INDEX idx_tasks_entity_type;
DROP INDEX idx_content_entity_type;
CREATE INDEX idx_content_ideas_content_type ON content_ideas (site_id, content_type);
CREATE INDEX idx_tasks_content_type ON tasks (site_id, content_type);
CREATE INDEX idx_content_content_type ON content (site_id, content_type, content_structure);
