/* manage
description = "Are the answers of the API whole, and of one form?"

[params.hours]
type = "integer"
default = 24
help = "how far back"
*/
-- table: By end point
SELECT r.method || ' ' || r.endpoint AS end_point, count(*) AS answers,
    sum(CASE WHEN r.status_code >= 400 THEN 1 ELSE 0 END) AS failed, max(r.created_at) AS latest
FROM api_request_log r
WHERE r.account_id = :account AND (:site IS NULL OR r.site_id = :site)
    AND r.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
GROUP BY r.method, r.endpoint
ORDER BY count(*) DESC, r.method, r.endpoint;

-- table: By status
SELECT r.status_code, count(*) AS answers
FROM api_request_log r
WHERE r.account_id = :account AND (:site IS NULL OR r.site_id = :site)
    AND r.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
GROUP BY r.status_code
ORDER BY r.status_code;

-- An answer without a body (204, 304) has no envelope. Each answer is told once, with the first that is wrong.
-- warn: Not as they should be
WITH RECURSIVE logged AS (
    SELECT r.id, r.method, r.endpoint, r.status_code, r.success, r.created_at, COALESCE(r.response_body, '') AS body
    FROM api_request_log r
    WHERE r.account_id = :account AND (:site IS NULL OR r.site_id = :site)
        AND r.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
        AND (r.status_code NOT IN (204, 304) OR COALESCE(r.response_body, '') <> '')
),
-- A cast of what is not JSON would end the report, so the text is folded first: strings to s, other values to v,
-- then lists and objects, from the inside out. What is JSON ends as one letter.
folding (id, folded) AS (
    SELECT l.id, regexp_replace(regexp_replace(regexp_replace(l.body,
        '"([^"\\\x01-\x1f]|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"', 's', 'g'),
        '-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null', 'v', 'g'),
        '[ \t\n\r]+', '', 'g')
    FROM logged l
    UNION
    SELECT f.id, regexp_replace(f.folded, '\[([sv](,[sv])*)?\]|\{(s:[sv](,s:[sv])*)?\}', 'v', 'g')
    FROM folding f
),
bodies AS (
    SELECT l.*, v.id IS NOT NULL AS readable, CASE WHEN v.id IS NOT NULL THEN CAST(l.body AS json) ELSE '{}' END AS answer
    FROM logged l
    LEFT JOIN folding v ON v.id = l.id AND v.folded IN ('s', 'v')
),
objects AS (
    SELECT b.*, json_typeof(b.answer) = 'object' AS an_object,
        CASE WHEN json_typeof(b.answer) = 'object' THEN b.answer ELSE '{}' END AS fields
    FROM bodies b
),
pages AS (
    SELECT o.*, CASE WHEN json_typeof(o.fields -> 'data') = 'object' THEN o.fields -> 'data' ELSE '{}' END AS inner_fields
    FROM objects o
),
answers AS (
    SELECT
        p.id, p.method, p.endpoint, p.status_code, p.created_at, p.readable, p.an_object,
        CASE WHEN json_typeof(p.fields -> 'success') = 'boolean' THEN p.fields ->> 'success' END AS success_type,
        CASE WHEN p.success THEN 'true' WHEN NOT p.success THEN 'false' END AS logged,
        (p.fields -> 'data') IS NOT NULL AS has_data,
        COALESCE(json_typeof(p.fields -> 'error') = 'string' AND trim(p.fields ->> 'error') <> '', FALSE) AS has_error,
        COALESCE(p.fields ->> 'request_id', '') <> '' AS has_request_id,
        COALESCE(p.inner_fields -> 'count', p.inner_fields -> 'results', p.fields -> 'count', p.fields -> 'results') IS NOT NULL AS paged,
        COALESCE(json_typeof(p.inner_fields -> 'count') = 'number' AND json_typeof(p.inner_fields -> 'results') = 'array', FALSE)
            OR COALESCE(json_typeof(p.fields -> 'count') = 'number' AND json_typeof(p.fields -> 'results') = 'array', FALSE) AS whole_page
    FROM pages p
)
SELECT j.id, j.end_point, j.status_code, j.what
FROM (
    SELECT
        r.id, r.method || ' ' || r.endpoint AS end_point, r.status_code, r.created_at,
        CASE
            WHEN NOT r.readable THEN 'the body is not JSON'
            WHEN NOT r.an_object THEN 'the body is no object'
            WHEN r.success_type IS NULL OR r.success_type NOT IN ('true', 'false') THEN 'success is not true or false'
            WHEN r.success_type = 'true' AND r.status_code >= 400 THEN 'success with status ' || r.status_code
            WHEN r.success_type = 'false' AND r.status_code < 400 THEN 'no success with status ' || r.status_code
            WHEN r.logged IS NOT NULL AND r.logged <> r.success_type THEN 'the log says success = ' || r.logged || ', the body does not'
            WHEN r.success_type = 'true' AND NOT r.has_data THEN 'success without data'
            WHEN r.success_type = 'false' AND NOT r.has_error THEN 'no success, and no error text'
            WHEN NOT r.has_request_id THEN 'there is no request_id'
            WHEN r.paged AND NOT r.whole_page THEN 'a page needs a number as count and a list as results'
        END AS what
    FROM answers r
) j
WHERE j.what IS NOT NULL
ORDER BY j.created_at DESC, j.id DESC;

