-- The signals of a run, of one model or of all.
-- Parameters: run_id text, model_name text (NULL for all models)
-- Returns:    rows of model_drift_monitoring, in the order in which they were measured
SELECT s.* FROM model_drift_monitoring s
JOIN retraining_runs r USING (model_name, run_id, as_of)
WHERE r.run_id = %(run_id)s AND (%(model_name)s::text IS NULL OR r.model_name = %(model_name)s)
ORDER BY s.id;
