DROP INDEX idx_content_content_type;
DROP INDEX idx_tasks_content_type;
DROP INDEX idx_content_ideas_content_type;

ALTER TABLE content RENAME COLUMN content_html TO html_content;
ALTER TABLE content RENAME COLUMN content_structure TO cluster_role;
ALTER TABLE content RENAME COLUMN content_type TO entity_type;
ALTER TABLE tasks RENAME COLUMN content_structure TO cluster_role;
ALTER TABLE tasks RENAME COLUMN content_type TO entity_type;
ALTER TABLE content_ideas RENAME COLUMN content_structure TO cluster_role;
ALTER TABLE content_ideas RENAME COLUMN content_type TO site_entity_type;

CREATE INDEX idx_content_ideas_site_entity_type ON content_ideas (site_id, site_entity_type);
CREATE INDEX idx_tasks_entity_type ON tasks (site_id, entity_type);
CREATE INDEX idx_content_entity_type ON content (site_id, entity_type, cluster_role);
