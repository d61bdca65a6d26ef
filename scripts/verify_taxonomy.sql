/* manage
description = "Terms are unique and named, their parents and links are of one site, their counts are right"
fix = ["taxonomy-relationships"]
*/
WITH RECURSIVE terms AS (
    SELECT t.id, t.account_id, t.site_id, t.parent_id, t.name, t.slug, t.taxonomy_type, t.external_taxonomy, t.external_id,
        t.content_count
    FROM taxonomy_terms t
    WHERE t.account_id = :account AND (:site IS NULL OR t.site_id = :site)
),
-- Every term with each of its ancestors. UNION leaves out what is there already, so that a circle ends.
ancestry (id, ancestor) AS (
    SELECT t.id, t.parent_id FROM terms t WHERE t.parent_id IS NOT NULL
    UNION
    SELECT a.id, t.parent_id FROM ancestry a JOIN terms t ON t.id = a.ancestor WHERE t.parent_id IS NOT NULL
),
same_slug AS (
    SELECT site_id, taxonomy_type, slug, min(id) AS oldest
    FROM terms WHERE trim(slug) <> '' GROUP BY site_id, taxonomy_type, slug HAVING count(*) > 1
),
same_external AS (
    SELECT site_id, external_taxonomy, external_id, min(id) AS oldest
    FROM terms WHERE external_taxonomy <> '' AND external_id <> ''
    GROUP BY site_id, external_taxonomy, external_id HAVING count(*) > 1
),
link_counts AS (
    SELECT l.taxonomy_term_id AS term_id, l.site_id, count(*) AS links
    FROM content_taxonomy l WHERE l.account_id = :account GROUP BY l.taxonomy_term_id, l.site_id
),
judged AS (
    SELECT
        t.id, t.account_id, t.site_id,
        CASE
            WHEN trim(t.name) = '' THEN 'it has no name'
            WHEN trim(t.slug) = '' THEN 'it has no slug'
            WHEN s.oldest <> t.id THEN 'its slug "' || t.slug || '" is that of term ' || s.oldest
            WHEN e.oldest <> t.id THEN 'its external_id "' || t.external_id || '" is that of term ' || e.oldest
            WHEN c.id IS NOT NULL THEN 'it is its own ancestor'
            WHEN t.parent_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM taxonomy_terms p
                WHERE p.id = t.parent_id AND p.account_id = :account AND p.site_id = t.site_id
                    AND p.taxonomy_type = t.taxonomy_type
            ) THEN 'its parent is of another site or type'
            WHEN t.content_count <> COALESCE(n.links, 0) THEN 'content_count is ' || t.content_count
        END AS what,
        CASE
            WHEN trim(t.name) = '' OR trim(t.slug) = '' THEN 'a word'
            WHEN s.oldest <> t.id THEN 'one term for a slug of a site and type'
            WHEN e.oldest <> t.id THEN 'one term for an external_id of a site and taxonomy'
            WHEN c.id IS NOT NULL THEN 'a way up that ends'
            WHEN t.content_count <> COALESCE(n.links, 0) AND (t.parent_id IS NULL OR EXISTS (
                SELECT 1 FROM taxonomy_terms p
                WHERE p.id = t.parent_id AND p.account_id = :account AND p.site_id = t.site_id
                    AND p.taxonomy_type = t.taxonomy_type
            )) THEN CAST(COALESCE(n.links, 0) AS VARCHAR(20))
            ELSE 'a parent of the same site and type'
        END AS expected
    FROM terms t
    LEFT JOIN same_slug s ON s.site_id = t.site_id AND s.taxonomy_type = t.taxonomy_type AND s.slug = t.slug
    LEFT JOIN same_external e
        ON e.site_id = t.site_id AND e.external_taxonomy = t.external_taxonomy AND e.external_id = t.external_id
    LEFT JOIN ancestry c ON c.id = t.id AND c.ancestor = t.id
    LEFT JOIN link_counts n ON n.term_id = t.id AND n.site_id = t.site_id
),
same_link AS (
    SELECT content_id, taxonomy_term_id, min(id) AS oldest
    FROM content_taxonomy WHERE account_id = :account
    GROUP BY content_id, taxonomy_term_id HAVING count(*) > 1
)
SELECT 'taxonomy_terms' AS table_name, j.id, j.account_id, j.site_id, j.what, j.expected
FROM judged j
WHERE j.what IS NOT NULL

UNION ALL
SELECT
    'content_taxonomy', l.id, l.account_id, l.site_id,
    CASE
        WHEN c.id IS NULL THEN 'content ' || l.content_id || ' does not exist on the site of the link'
        WHEN t.id IS NULL THEN 'term ' || l.taxonomy_term_id || ' does not exist on the site of the link'
        ELSE 'it says the same as link ' || s.oldest
    END,
    CASE WHEN c.id IS NULL OR t.id IS NULL THEN 'content and term of the link''s account and site' ELSE 'one link' END
FROM content_taxonomy l
LEFT JOIN content c ON c.id = l.content_id AND c.account_id = :account AND c.site_id = l.site_id
LEFT JOIN taxonomy_terms t ON t.id = l.taxonomy_term_id AND t.account_id = :account AND t.site_id = l.site_id
LEFT JOIN same_link s ON s.content_id = l.content_id AND s.taxonomy_term_id = l.taxonomy_term_id
WHERE l.account_id = :account AND (:site IS NULL OR l.site_id = :site)
    AND (c.id IS NULL OR t.id IS NULL OR s.oldest <> l.id)
