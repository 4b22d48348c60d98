-- Lift a quarantine, once: its rows are trained on again.
-- Parameters: id bigint, lifted_by text, lift_reason text, lifted_at timestamptz, accepts boolean
-- Returns:    the row of quarantined_spans; none for an unknown id, or one that was lifted already
UPDATE quarantined_spans
SET lifted_by = %(lifted_by)s, lift_reason = %(lift_reason)s, lifted_at = %(lifted_at)s, accepts = %(accepts)s
WHERE id = %(id)s AND lifted_at IS NULL
RETURNING *;
