-- What a run saw, of one model or of all. What it worked out is empty where its month has been dropped.
-- Parameters: run_id text, model_name text (NULL for all models)
-- Returns:    columns of retraining_runs and of retraining_analyses, by model name
SELECT
    r.*, a.running_errors, coalesce(a.facts, '{}') AS facts, coalesce(a.distributions, '[]') AS distributions
FROM retraining_runs r
LEFT JOIN retraining_analyses a USING (model_name, run_id, as_of)
WHERE r.run_id = %(run_id)s AND (%(model_name)s::text IS NULL OR r.model_name = %(model_name)s)
ORDER BY r.model_name;
