-- Mark an open event as executing. What the last try noted is gone: an error kept is one of the try that ended it.
-- Parameters: event_id bigint, at timestamptz
-- Returns:    the row of model_retraining_events
UPDATE model_retraining_events SET
    status = 'executing',
    execution_attempted = true,
    attempts = attempts + 1,
    execution_started_at = %(at)s,
    error_type = NULL,
    error = NULL
WHERE id = %(event_id)s
RETURNING *;
