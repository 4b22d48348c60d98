-- End a mute before its time, once.
-- Parameters: id bigint, lifted_by text, lift_reason text, lifted_at timestamptz
-- Returns:    the row of notification_mutes; none for an unknown id, or one that has ended already
UPDATE notification_mutes
SET lifted_by = %(lifted_by)s, lift_reason = %(lift_reason)s, lifted_at = %(lifted_at)s
WHERE id = %(id)s AND lifted_at IS NULL AND muted_until > %(lifted_at)s
RETURNING *;
