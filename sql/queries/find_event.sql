-- One event.
-- Parameters: event_id bigint
-- Returns:    at most one row of model_retraining_events
SELECT * FROM model_retraining_events WHERE id = %(event_id)s;
