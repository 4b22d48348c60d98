-- Runs that have looked at a model, the earliest first.
-- Parameters: model_name text
-- Returns:    run_id text
SELECT run_id FROM retraining_runs WHERE model_name = %(model_name)s ORDER BY as_of, run_id;
