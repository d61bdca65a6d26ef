/* manage
description = "The address of an active WordPress integration is whole, and the same everywhere"
fix = ["integration-site-url"]
table = "site_integrations"
*/
-- A cast of what is not JSON would end the check, so the text is folded first: strings to s, other values to v,
-- then lists and objects, from the inside out. What is JSON ends as one letter.
WITH RECURSIVE folding (id, folded) AS (
    SELECT n.id, regexp_replace(regexp_replace(regexp_replace(n.config,
        '"([^"\\\x01-\x1f]|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"', 's', 'g'),
        '-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null', 'v', 'g'),
        '[ \t\n\r]+', '', 'g')
    FROM site_integrations n
    WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
        AND n.platform = 'wordpress' AND n.is_active
    UNION
    SELECT f.id, regexp_replace(f.folded, '\[([sv](,[sv])*)?\]|\{(s:[sv](,s:[sv])*)?\}', 'v', 'g')
    FROM folding f
),
addresses AS (
    SELECT
        n.id, n.account_id, n.site_id,
        COALESCE(n.site_url, '') AS url,
        COALESCE(substring(n.site_url FROM '^[a-z]+://([^/]*)'), '') AS host,
        v.id IS NOT NULL AS readable,
        CASE WHEN v.id IS NOT NULL THEN CAST(n.config AS json) ->> 'site_url' END AS configured,
        s.domain
    FROM site_integrations n
    LEFT JOIN sites s ON s.id = n.site_id AND s.account_id = :account
    LEFT JOIN folding v ON v.id = n.id AND v.folded IN ('s', 'v')
    WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
        AND n.platform = 'wordpress' AND n.is_active
),
judged AS (
    SELECT
        h.id, h.account_id, h.site_id,
        CASE
            WHEN NOT h.readable THEN 'config is not JSON'
            WHEN trim(h.url) = '' THEN 'site_url is empty'
            WHEN (substr(h.url, 1, 7) <> 'http://' AND substr(h.url, 1, 8) <> 'https://') OR h.host = ''
                THEN 'site_url "' || h.url || '" is no http or https address'
            WHEN h.host <> lower(h.host) THEN 'the host of site_url "' || h.url || '" has capitals'
            WHEN right(h.url, 1) = '/' THEN 'site_url "' || h.url || '" ends with a slash'
            WHEN COALESCE(h.configured, '') = '' THEN 'config has no site_url'
            WHEN h.configured <> h.url THEN 'site_url of config is "' || h.configured || '"'
            WHEN h.domain <> '' AND h.url NOT IN (h.domain, 'https://' || h.domain, 'http://' || h.domain)
                THEN 'the domain of its site is "' || h.domain || '"'
        END AS what,
        CASE
            WHEN NOT h.readable THEN 'JSON'
            WHEN trim(h.url) <> '' AND h.host = lower(h.host) AND right(h.url, 1) <> '/' AND substr(h.url, 1, 4) = 'http'
                THEN h.url || ' everywhere'
            ELSE 'http or https, the host in small letters, no slash at the end'
        END AS expected
    FROM addresses h
)
SELECT j.id, j.account_id, j.site_id, j.what, j.expected
FROM judged j
WHERE j.what IS NOT NULL
