-- Events of all models that were closed from a time on; no dry runs.
-- Parameters: since timestamptz
-- Returns:    rows of model_retraining_events, in the order in which they were closed
SELECT * FROM model_retraining_events
WHERE execution_completed_at >= %(since)s AND status <> 'dry_run'
ORDER BY execution_completed_at, id;
