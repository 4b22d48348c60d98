-- Signals of some runs of a model that say that something changed.
-- Parameters: model_name text, run_ids text[]
-- Returns:    rows of model_drift_monitoring, in the order in which each run found them
SELECT * FROM model_drift_monitoring
WHERE model_name = %(model_name)s AND run_id = ANY (%(run_ids)s) AND verdict = 'changed'
ORDER BY id;
