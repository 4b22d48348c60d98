-- What some runs of a model measured.
-- Parameters: model_name text, run_ids text[]
-- Returns:    rows of model_performance_tracking
SELECT m.* FROM model_performance_tracking m
JOIN retraining_runs r USING (model_name, run_id, as_of)
WHERE r.model_name = %(model_name)s AND r.run_id = ANY (%(run_ids)s)
ORDER BY m.id;
