-- Until when a model has been looked at by a retraining that ran to an end, good or bad.
-- Parameters: model_name text
-- Returns:    one row: as_of timestamptz (NULL for never)
SELECT max(as_of) AS as_of FROM model_retraining_events
WHERE model_name = %(model_name)s
  AND execution_attempted
  AND status IN ('promoted', 'held', 'rejected', 'failed');
