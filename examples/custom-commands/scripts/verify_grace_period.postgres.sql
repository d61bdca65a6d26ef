/* manage
description = "No command is about to be deleted"
table = "custom_commands"
fix = ["grace-period"]
limit = 50

[params.days]
type = "integer"
default = 60
help = "the bot deletes what nobody has used for so many days"
*/
-- Never used: by its age. A moment in the future is none of 60 days ago.
SELECT
    c.id, c.name || ' has not been used since ' || COALESCE(c.last_used, c.created_at) AS what,
    u.username AS creator, c.use_count, c.warning_sent
FROM custom_commands c
JOIN custom_command_creators u ON u.id = c.creator_id
WHERE c.is_active AND COALESCE(c.last_used, c.created_at) <= (:now AT TIME ZONE 'UTC') - :days * INTERVAL '1 day'
ORDER BY COALESCE(c.last_used, c.created_at), c.id
