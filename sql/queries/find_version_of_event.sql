-- The version that an event is about: trained for it, or judged by it at the end of a shadow.
-- Parameters: event_id bigint
-- Returns:    at most one row of model_version_management
SELECT v.* FROM model_version_management v
JOIN model_retraining_events e USING (model_name, version)
WHERE e.id = %(event_id)s;
