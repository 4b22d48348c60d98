-- What some runs of a model measured.
-- Parameters: model_name text, run_ids text[]
-- Returns:    rows of model_performance_tracking
SELECT * FROM model_performance_tracking
WHERE model_name = %(model_name)s AND run_id = ANY (%(run_ids)s)
ORDER BY id;
