-- Every event, newest first.
-- Parameters: none
-- Returns:    rows of model_retraining_events
SELECT * FROM model_retraining_events
ORDER BY triggered_at DESC;
