/* manage
description = "The address of an active WordPress integration is whole, and the same in config"
form = "rust"                           # addresses and JSON: src/platform/patches/integration_site_url.rs
table = "site_integrations"
verify = ["integration-site-url"]
leaves = ["integration-site-url"]       # where two hosts are told, a person decides
expect_max = 500
volatile = ["updated_at"]
*/
SELECT n.id, n.site_url, n.config, s.wp_url, s.domain, :now AS updated_at
FROM site_integrations n
JOIN sites s ON s.id = n.site_id AND s.account_id = :account
WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
    AND n.platform = 'wordpress' AND n.is_active
