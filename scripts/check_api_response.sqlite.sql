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
    AND r.created_at >= datetime(:now, '-' || :hours || ' hours')
GROUP BY r.method, r.endpoint
ORDER BY count(*) DESC, r.method, r.endpoint;

-- table: By status
SELECT r.status_code, count(*) AS answers
FROM api_request_log r
WHERE r.account_id = :account AND (:site IS NULL OR r.site_id = :site)
    AND r.created_at >= datetime(:now, '-' || :hours || ' hours')
GROUP BY r.status_code
ORDER BY r.status_code;

-- An answer without a body (204, 304) has no envelope. Each answer is told once, with the first that is wrong.
-- warn: Not as they should be
WITH bodies AS (
    SELECT r.*, json_valid(COALESCE(r.response_body, '')) AS readable,
        CASE WHEN json_valid(COALESCE(r.response_body, '')) THEN r.response_body ELSE '{}' END AS body
    FROM api_request_log r
    WHERE r.account_id = :account AND (:site IS NULL OR r.site_id = :site)
        AND r.created_at >= datetime(:now, '-' || :hours || ' hours')
        AND (r.status_code NOT IN (204, 304) OR COALESCE(r.response_body, '') <> '')
),
answers AS (
    SELECT
        b.id, b.method, b.endpoint, b.status_code, b.created_at, b.readable,
        json_type(b.body) = 'object' AS an_object,
        json_type(b.body, '$.success') AS success_type,
        CASE WHEN b.success THEN 'true' WHEN NOT b.success THEN 'false' END AS logged,
        json_type(b.body, '$.data') IS NOT NULL AS has_data,
        COALESCE(json_type(b.body, '$.error') = 'text' AND trim(json_extract(b.body, '$.error')) <> '', FALSE) AS has_error,
        COALESCE(json_extract(b.body, '$.request_id') <> '', FALSE) AS has_request_id,
        json_type(b.body, '$.data.count') IS NOT NULL OR json_type(b.body, '$.data.results') IS NOT NULL
            OR json_type(b.body, '$.count') IS NOT NULL OR json_type(b.body, '$.results') IS NOT NULL AS paged,
        COALESCE(json_type(b.body, '$.data.count') = 'integer' AND json_type(b.body, '$.data.results') = 'array', FALSE)
            OR COALESCE(json_type(b.body, '$.count') = 'integer' AND json_type(b.body, '$.results') = 'array', FALSE) AS whole_page
    FROM bodies b
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

