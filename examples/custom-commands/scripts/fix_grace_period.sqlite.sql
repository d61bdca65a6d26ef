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
SELECT c.id, datetime(:now) AS last_used
FROM custom_commands c
WHERE c.is_active AND strftime('%Y-%m-%d %H:%M:%f', COALESCE(c.last_used, c.created_at)) <= strftime('%Y-%m-%d %H:%M:%f', :now, '-' || :days || ' days')
