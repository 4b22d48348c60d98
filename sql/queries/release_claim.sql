-- Give back the right to retrain a model.
-- Parameters: model_name text
-- Returns:    one row, without meaning
SELECT pg_advisory_unlock(retraining_lock_key(%(model_name)s));
