-- Events of a model, of a run, of both, or all.
-- Parameters: model_name text (NULL for all models), run_id text (NULL for all runs)
-- Returns:    rows of model_retraining_events, newest first
SELECT * FROM model_retraining_events
WHERE (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
  AND (%(run_id)s::text IS NULL OR run_id = %(run_id)s)
ORDER BY triggered_at DESC, id DESC;
