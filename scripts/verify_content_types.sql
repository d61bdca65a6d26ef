/* manage
description = "Types and structures are words of today, and the same from idea to task to content"
fix = ["content-types"]
*/
-- `hub` and `supporting` are what posts were called before; they are left alone.
WITH kinds (content_type, content_structure) AS (
    VALUES
        ('post', 'article'), ('post', 'guide'), ('post', 'comparison'), ('post', 'review'), ('post', 'listicle'),
        ('post', 'hub'), ('post', 'supporting'),
        ('page', 'landing_page'), ('page', 'business_page'), ('page', 'service_page'), ('page', 'general'),
        ('page', 'cluster_hub'),
        ('product', 'product_page'),
        ('taxonomy', 'category_archive'), ('taxonomy', 'tag_archive'), ('taxonomy', 'attribute_archive')
),
links (table_name, id, account_id, site_id, content_type, content_structure, parent, parent_type, parent_structure) AS (
    SELECT 'content_ideas', i.id, i.account_id, i.site_id, i.content_type, i.content_structure, NULL, NULL, NULL
    FROM content_ideas i
    WHERE i.account_id = :account AND (:site IS NULL OR i.site_id = :site)
    UNION ALL
    SELECT
        'tasks', t.id, t.account_id, t.site_id, t.content_type, t.content_structure,
        'idea', i.content_type, i.content_structure
    FROM tasks t
    LEFT JOIN content_ideas i ON i.id = t.idea_id AND i.account_id = :account AND i.site_id = t.site_id
    WHERE t.account_id = :account AND (:site IS NULL OR t.site_id = :site)
    UNION ALL
    SELECT
        'content', w.id, w.account_id, w.site_id, w.content_type, w.content_structure,
        'task', t.content_type, t.content_structure
    FROM content w
    LEFT JOIN tasks t ON t.id = w.task_id AND t.account_id = :account AND t.site_id = w.site_id
    WHERE w.account_id = :account AND (:site IS NULL OR w.site_id = :site)
)
SELECT
    l.table_name, l.id, l.account_id, l.site_id,
    CASE
        WHEN l.content_type NOT IN ('post', 'page', 'product', 'taxonomy') THEN 'content_type is "' || l.content_type || '"'
        WHEN k.content_type IS NULL THEN 'content_structure of a ' || l.content_type || ' is "' || l.content_structure || '"'
        ELSE 'it is a ' || l.content_type || ', ' || l.content_structure || '; its ' || l.parent || ' is another'
    END AS what,
    CASE
        WHEN l.content_type NOT IN ('post', 'page', 'product', 'taxonomy') THEN 'post, page, product or taxonomy'
        WHEN k.content_type IS NULL THEN
            CASE l.content_type
                WHEN 'post' THEN 'article, guide, comparison, review or listicle'
                WHEN 'page' THEN 'landing_page, business_page, service_page, general or cluster_hub'
                WHEN 'product' THEN 'product_page'
                ELSE 'category_archive, tag_archive or attribute_archive'
            END
        ELSE l.parent_type || ', ' || l.parent_structure || ', as its ' || l.parent || ' is'
    END AS expected
FROM links l
LEFT JOIN kinds k ON k.content_type = l.content_type AND k.content_structure = l.content_structure
LEFT JOIN kinds p ON p.content_type = l.parent_type AND p.content_structure = l.parent_structure
WHERE k.content_type IS NULL
    -- Nobody follows a word that is none.
    OR (p.content_type IS NOT NULL AND (l.content_type <> p.content_type OR l.content_structure <> p.content_structure))
