/* manage
description = "The targets of each channel, as the commands that add them again"
file = "channel-{channel_id}.txt"
line_by = "target_type"
[lines]
location = "!add location {name:quoted}"
geographic = "!add geographic {place}"
*/
-- Reads the old schema, whose target_name holds a name, or "latitude,longitude,radius".
SELECT channel_id, target_type, target_name AS name, replace(target_name, ',', ' ') AS place
FROM monitoring_targets
ORDER BY channel_id, id;
