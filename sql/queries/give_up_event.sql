-- Close an event that has no outcome of its own: its owner died, or it could not be executed.
-- Parameters: event_id bigint; status, execution_successful, execution_completed_at, outcome, error_type, error, as in
--             the table
-- Returns:    the row of model_retraining_events
UPDATE model_retraining_events SET
    status = %(status)s,
    execution_successful = %(execution_successful)s,
    execution_completed_at = %(execution_completed_at)s,
    outcome = %(outcome)s,
    error_type = %(error_type)s,
    error = %(error)s
WHERE id = %(event_id)s
RETURNING *;
