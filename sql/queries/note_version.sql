-- Write on an event which version it trains, and which one that is compared with.
-- Parameters: event_id bigint and the columns of model_retraining_events that name versions
-- Returns:    nothing
UPDATE model_retraining_events SET
    version = %(version)s,
    retraining_model_version = %(retraining_model_version)s,
    champion_version = %(champion_version)s,
    parent_model_id = %(parent_model_id)s,
    parent_model_version = %(parent_model_version)s
WHERE id = %(event_id)s;
