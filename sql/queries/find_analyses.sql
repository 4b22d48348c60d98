-- What a run saw, of one model or of all.
-- Parameters: run_id text, model_name text (NULL for all models)
-- Returns:    rows of retraining_analyses, by model name
SELECT * FROM retraining_analyses
WHERE run_id = %(run_id)s AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
ORDER BY model_name;
