-- Signals of some runs of a model that say that something changed.
-- Parameters: model_name text, run_ids text[]
-- Returns:    rows of model_drift_monitoring, in the order in which each run found them
SELECT s.* FROM model_drift_monitoring s
JOIN retraining_runs r USING (model_name, run_id, as_of)
WHERE r.model_name = %(model_name)s AND r.run_id = ANY (%(run_ids)s) AND s.verdict = 'changed'
ORDER BY s.id;
