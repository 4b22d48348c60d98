-- The version that was trained for an event.
-- Parameters: event_id bigint
-- Returns:    at most one row of model_version_management
SELECT * FROM model_version_management WHERE event_id = %(event_id)s;
