/* manage
description = "The address of an active WordPress integration is whole, and the same everywhere"
fix = ["integration-site-url"]
table = "site_integrations"
*/
WITH addresses AS (
    SELECT
        n.id, n.account_id, n.site_id,
        COALESCE(n.site_url, '') AS url,
        substr(n.site_url, instr(n.site_url, '://') + 3) AS rest,
        json_valid(n.config) AS readable,
        CASE WHEN json_valid(n.config) THEN json_extract(n.config, '$.site_url') END AS configured,
        s.domain
    FROM site_integrations n
    LEFT JOIN sites s ON s.id = n.site_id AND s.account_id = :account
    WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
        AND n.platform = 'wordpress' AND n.is_active
),
hosts AS (
    SELECT a.*, CASE instr(a.rest, '/') WHEN 0 THEN a.rest ELSE substr(a.rest, 1, instr(a.rest, '/') - 1) END AS host
    FROM addresses a
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
            WHEN substr(h.url, -1) = '/' THEN 'site_url "' || h.url || '" ends with a slash'
            WHEN COALESCE(h.configured, '') = '' THEN 'config has no site_url'
            WHEN h.configured <> h.url THEN 'site_url of config is "' || h.configured || '"'
            WHEN h.domain <> '' AND h.url NOT IN (h.domain, 'https://' || h.domain, 'http://' || h.domain)
                THEN 'the domain of its site is "' || h.domain || '"'
        END AS what,
        CASE
            WHEN NOT h.readable THEN 'JSON'
            WHEN trim(h.url) <> '' AND h.host = lower(h.host) AND substr(h.url, -1) <> '/' AND substr(h.url, 1, 4) = 'http'
                THEN h.url || ' everywhere'
            ELSE 'http or https, the host in small letters, no slash at the end'
        END AS expected
    FROM hosts h
)
SELECT j.id, j.account_id, j.site_id, j.what, j.expected
FROM judged j
WHERE j.what IS NOT NULL
