-- What was decided in a run, about one model or about all.
-- Parameters: run_id text, model_name text (NULL for all models)
-- Returns:    rows of retraining_decisions, by model name
SELECT * FROM retraining_decisions
WHERE run_id = %(run_id)s AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
ORDER BY model_name;
