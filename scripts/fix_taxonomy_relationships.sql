/* manage
description = "Links lead to content and terms of one site, once; parents are of one site and type; counts are right"
verify = ["taxonomy"]
leaves = ["taxonomy"]                   # names, slugs and external ids are for a person to choose
expect_max = 10000
volatile = ["updated_at"]
*/
-- Called for one site, it does not see the others: what leads out of the site waits for a run over the account.

-- A link takes the site of its content. Its term is that site's, or the one of the same slug and type there.
-- patch: content_taxonomy(id)
SELECT
    l.id, c.site_id, MIN(m.id) AS taxonomy_term_id, :now AS updated_at
FROM content_taxonomy l
JOIN content c ON c.id = l.content_id AND c.account_id = :account
JOIN taxonomy_terms t ON t.id = l.taxonomy_term_id AND t.account_id = :account
JOIN taxonomy_terms m
    ON m.account_id = :account AND m.site_id = c.site_id AND m.taxonomy_type = t.taxonomy_type
    AND (m.id = t.id OR (t.site_id <> c.site_id AND m.slug = t.slug AND trim(m.slug) <> ''))
WHERE l.account_id = :account AND (:site IS NULL OR l.site_id = :site)
    AND (l.site_id <> c.site_id OR t.site_id <> c.site_id)
GROUP BY l.id, c.site_id

-- Links that lead nowhere or to two sites go, and of those that say the same all but the oldest.
-- patch: content_taxonomy(id) delete
SELECT l.id
FROM content_taxonomy l
LEFT JOIN content c ON c.id = l.content_id AND c.account_id = :account
LEFT JOIN taxonomy_terms t ON t.id = l.taxonomy_term_id AND t.account_id = :account
WHERE l.account_id = :account AND (:site IS NULL OR l.site_id = :site)
    AND (
        (:site IS NULL AND (c.id IS NULL OR t.id IS NULL OR c.site_id <> t.site_id))
        OR EXISTS (
            SELECT 1 FROM content_taxonomy o
            WHERE o.account_id = :account AND o.content_id = l.content_id
                AND o.taxonomy_term_id = l.taxonomy_term_id AND o.id < l.id
        )
    )

-- patch: taxonomy_terms(id)
WITH RECURSIVE parents AS (
    SELECT t.id, p.id AS parent_id
    FROM taxonomy_terms t
    JOIN taxonomy_terms p
        ON p.id = t.parent_id AND p.account_id = :account AND p.site_id = t.site_id AND p.taxonomy_type = t.taxonomy_type
    WHERE t.account_id = :account
),
-- Every term with each of its ancestors. UNION leaves out what is there already, so that a circle ends.
ancestry (id, ancestor) AS (
    SELECT p.id, p.parent_id FROM parents p
    UNION
    SELECT a.id, p.parent_id FROM ancestry a JOIN parents p ON p.id = a.ancestor
),
link_counts AS (
    SELECT l.taxonomy_term_id AS term_id, l.site_id, count(*) AS links
    FROM content_taxonomy l WHERE l.account_id = :account GROUP BY l.taxonomy_term_id, l.site_id
)
SELECT
    t.id,
    CASE WHEN c.id IS NULL THEN p.parent_id END AS parent_id,
    COALESCE(n.links, 0) AS content_count,
    :now AS updated_at
FROM taxonomy_terms t
LEFT JOIN parents p ON p.id = t.id
LEFT JOIN ancestry c ON c.id = t.id AND c.ancestor = t.id
LEFT JOIN link_counts n ON n.term_id = t.id AND n.site_id = t.site_id
WHERE t.account_id = :account AND (:site IS NULL OR t.site_id = :site)
