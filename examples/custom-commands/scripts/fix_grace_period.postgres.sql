/* manage
description = "Commands that are about to be deleted count as used now"
table = "custom_commands"
verify = ["grace-period"]
expect_max = 1000

[params.days]
type = "integer"
default = 60
help = "the bot deletes what nobody has used for so many days"
*/
SELECT c.id, date_trunc('second', :now AT TIME ZONE 'UTC') AS last_used
FROM custom_commands c
WHERE c.is_active AND COALESCE(c.last_used, c.created_at) <= (:now AT TIME ZONE 'UTC') - :days * INTERVAL '1 day'
