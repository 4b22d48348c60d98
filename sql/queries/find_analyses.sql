-- What a run saw, of one model or of all. What it worked out is empty where its month was removed.
-- Parameters: run_id text, model_name text (NULL for all models)
-- Returns:    columns of retraining_runs and of retraining_analyses, and removed_at (by retention; NULL for what is
--             there), by model name
SELECT
    r.*, a.running_errors, coalesce(a.facts, '{}') AS facts, coalesce(a.distributions, '[]') AS distributions,
    (SELECT max(m.dropped_at) FROM dropped_months m
     WHERE m.month <= r.as_of AND r.as_of < m.month + interval '1 month'
       AND m.dropped_at > r.analyzed_at) AS removed_at
FROM retraining_runs r
LEFT JOIN retraining_analyses a USING (model_name, run_id, as_of)
WHERE r.run_id = %(run_id)s AND (%(model_name)s::text IS NULL OR r.model_name = %(model_name)s)
ORDER BY r.model_name;
