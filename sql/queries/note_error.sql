-- Write on an event why its present try failed; it stays open.
-- Parameters: event_id bigint, error_type text, error text
-- Returns:    nothing
UPDATE model_retraining_events SET error_type = %(error_type)s, error = %(error)s WHERE id = %(event_id)s;
