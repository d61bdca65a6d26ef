/* manage
description = "Types and structures become words of today, and tasks and content follow their ideas"
verify = ["content-types"]
leaves = ["content-types"]              # words that nobody knows are reported, not guessed
expect_max = 10000
volatile = ["updated_at"]
*/
-- The three parts are one rule. A former type becomes that of today; it gives the structure where the row has none that
-- fits. `article`, `guide` and `tutorial` say more than `hub` and `supporting` do. A product has one structure only.
-- A row whose words nobody knows stays as it is, unless it follows one that is right.
-- patch: content_ideas(id)
WITH kinds (content_type, content_structure) AS (
    VALUES
        ('post', 'article'), ('post', 'guide'), ('post', 'comparison'), ('post', 'review'), ('post', 'listicle'),
        ('post', 'hub'), ('post', 'supporting'),
        ('page', 'landing_page'), ('page', 'business_page'), ('page', 'service_page'), ('page', 'general'),
        ('page', 'cluster_hub'),
        ('product', 'product_page'),
        ('taxonomy', 'category_archive'), ('taxonomy', 'tag_archive'), ('taxonomy', 'attribute_archive')
),
types (word, content_type, content_structure, says_more) AS (
    VALUES
        ('blog_post', 'post', 'article', 0), ('blog', 'post', 'article', 0),
        ('article', 'post', 'article', 1), ('guide', 'post', 'guide', 1), ('tutorial', 'post', 'guide', 1),
        ('landing_page', 'page', 'landing_page', 0),
        ('product_page', 'product', 'product_page', 0), ('woo_product', 'product', 'product_page', 0),
        ('category', 'taxonomy', 'category_archive', 0), ('tag', 'taxonomy', 'tag_archive', 0),
        ('taxonomy_archive', 'taxonomy', NULL, 0)
),
structures (content_type, word, content_structure) AS (
    VALUES
        ('post', 'blog_post', 'article'), ('post', 'blog', 'article'), ('post', 'tutorial', 'guide'),
        ('taxonomy', 'category', 'category_archive'), ('taxonomy', 'tag', 'tag_archive'),
        ('taxonomy', 'attribute', 'attribute_archive')
),
folded AS (
    SELECT
        i.id,
        COALESCE(y.content_type, lower(trim(i.content_type))) AS content_type,
        lower(trim(i.content_structure)) AS said,
        y.content_structure AS meant, COALESCE(y.says_more, 0) AS says_more
    FROM content_ideas i
    LEFT JOIN types y ON y.word = lower(trim(i.content_type))
    WHERE i.account_id = :account AND (:site IS NULL OR i.site_id = :site)
),
judged AS (
    SELECT
        f.id,
        f.content_type,
        CASE
            WHEN f.content_type = 'product' THEN 'product_page'
            WHEN f.says_more = 1 AND f.said IN ('hub', 'supporting') THEN f.meant
            ELSE COALESCE(k.content_structure, s.content_structure, f.meant)
        END AS content_structure
    FROM folded f
    LEFT JOIN kinds k ON k.content_type = f.content_type AND k.content_structure = f.said
    LEFT JOIN structures s ON s.content_type = f.content_type AND s.word = f.said
)
SELECT
    j.id,
    j.content_type, j.content_structure,
    :now AS updated_at
FROM judged j
WHERE j.content_structure IS NOT NULL

-- patch: tasks(id)
WITH kinds (content_type, content_structure) AS (
    VALUES
        ('post', 'article'), ('post', 'guide'), ('post', 'comparison'), ('post', 'review'), ('post', 'listicle'),
        ('post', 'hub'), ('post', 'supporting'),
        ('page', 'landing_page'), ('page', 'business_page'), ('page', 'service_page'), ('page', 'general'),
        ('page', 'cluster_hub'),
        ('product', 'product_page'),
        ('taxonomy', 'category_archive'), ('taxonomy', 'tag_archive'), ('taxonomy', 'attribute_archive')
),
types (word, content_type, content_structure, says_more) AS (
    VALUES
        ('blog_post', 'post', 'article', 0), ('blog', 'post', 'article', 0),
        ('article', 'post', 'article', 1), ('guide', 'post', 'guide', 1), ('tutorial', 'post', 'guide', 1),
        ('landing_page', 'page', 'landing_page', 0),
        ('product_page', 'product', 'product_page', 0), ('woo_product', 'product', 'product_page', 0),
        ('category', 'taxonomy', 'category_archive', 0), ('tag', 'taxonomy', 'tag_archive', 0),
        ('taxonomy_archive', 'taxonomy', NULL, 0)
),
structures (content_type, word, content_structure) AS (
    VALUES
        ('post', 'blog_post', 'article'), ('post', 'blog', 'article'), ('post', 'tutorial', 'guide'),
        ('taxonomy', 'category', 'category_archive'), ('taxonomy', 'tag', 'tag_archive'),
        ('taxonomy', 'attribute', 'attribute_archive')
),
folded AS (
    SELECT
        t.id,
        COALESCE(y.content_type, lower(trim(t.content_type))) AS content_type,
        lower(trim(t.content_structure)) AS said,
        y.content_structure AS meant, COALESCE(y.says_more, 0) AS says_more,
        p.content_type AS parent_type, p.content_structure AS parent_structure
    FROM tasks t
    LEFT JOIN types y ON y.word = lower(trim(t.content_type))
    LEFT JOIN content_ideas i ON i.id = t.idea_id AND i.account_id = :account AND i.site_id = t.site_id
    LEFT JOIN kinds p ON p.content_type = i.content_type AND p.content_structure = i.content_structure
    WHERE t.account_id = :account AND (:site IS NULL OR t.site_id = :site)
),
judged AS (
    SELECT
        f.id, f.parent_type, f.parent_structure,
        f.content_type,
        CASE
            WHEN f.content_type = 'product' THEN 'product_page'
            WHEN f.says_more = 1 AND f.said IN ('hub', 'supporting') THEN f.meant
            ELSE COALESCE(k.content_structure, s.content_structure, f.meant)
        END AS content_structure
    FROM folded f
    LEFT JOIN kinds k ON k.content_type = f.content_type AND k.content_structure = f.said
    LEFT JOIN structures s ON s.content_type = f.content_type AND s.word = f.said
)
SELECT
    j.id,
    COALESCE(j.parent_type, j.content_type) AS content_type,
    COALESCE(j.parent_structure, j.content_structure) AS content_structure,
    :now AS updated_at
FROM judged j
WHERE j.parent_type IS NOT NULL OR j.content_structure IS NOT NULL

-- patch: content(id)
WITH kinds (content_type, content_structure) AS (
    VALUES
        ('post', 'article'), ('post', 'guide'), ('post', 'comparison'), ('post', 'review'), ('post', 'listicle'),
        ('post', 'hub'), ('post', 'supporting'),
        ('page', 'landing_page'), ('page', 'business_page'), ('page', 'service_page'), ('page', 'general'),
        ('page', 'cluster_hub'),
        ('product', 'product_page'),
        ('taxonomy', 'category_archive'), ('taxonomy', 'tag_archive'), ('taxonomy', 'attribute_archive')
),
types (word, content_type, content_structure, says_more) AS (
    VALUES
        ('blog_post', 'post', 'article', 0), ('blog', 'post', 'article', 0),
        ('article', 'post', 'article', 1), ('guide', 'post', 'guide', 1), ('tutorial', 'post', 'guide', 1),
        ('landing_page', 'page', 'landing_page', 0),
        ('product_page', 'product', 'product_page', 0), ('woo_product', 'product', 'product_page', 0),
        ('category', 'taxonomy', 'category_archive', 0), ('tag', 'taxonomy', 'tag_archive', 0),
        ('taxonomy_archive', 'taxonomy', NULL, 0)
),
structures (content_type, word, content_structure) AS (
    VALUES
        ('post', 'blog_post', 'article'), ('post', 'blog', 'article'), ('post', 'tutorial', 'guide'),
        ('taxonomy', 'category', 'category_archive'), ('taxonomy', 'tag', 'tag_archive'),
        ('taxonomy', 'attribute', 'attribute_archive')
),
folded AS (
    SELECT
        w.id,
        COALESCE(y.content_type, lower(trim(w.content_type))) AS content_type,
        lower(trim(w.content_structure)) AS said,
        y.content_structure AS meant, COALESCE(y.says_more, 0) AS says_more,
        p.content_type AS parent_type, p.content_structure AS parent_structure
    FROM content w
    LEFT JOIN types y ON y.word = lower(trim(w.content_type))
    LEFT JOIN tasks t ON t.id = w.task_id AND t.account_id = :account AND t.site_id = w.site_id
    LEFT JOIN kinds p ON p.content_type = t.content_type AND p.content_structure = t.content_structure
    WHERE w.account_id = :account AND (:site IS NULL OR w.site_id = :site)
),
judged AS (
    SELECT
        f.id, f.parent_type, f.parent_structure,
        f.content_type,
        CASE
            WHEN f.content_type = 'product' THEN 'product_page'
            WHEN f.says_more = 1 AND f.said IN ('hub', 'supporting') THEN f.meant
            ELSE COALESCE(k.content_structure, s.content_structure, f.meant)
        END AS content_structure
    FROM folded f
    LEFT JOIN kinds k ON k.content_type = f.content_type AND k.content_structure = f.said
    LEFT JOIN structures s ON s.content_type = f.content_type AND s.word = f.said
)
SELECT
    j.id,
    COALESCE(j.parent_type, j.content_type) AS content_type,
    COALESCE(j.parent_structure, j.content_structure) AS content_structure,
    :now AS updated_at
FROM judged j
WHERE j.parent_type IS NOT NULL OR j.content_structure IS NOT NULL
