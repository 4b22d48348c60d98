-- Take the right to retrain a model until the end of this transaction, if nobody has it.
-- Parameters: model_name text
-- Returns:    one row: claimed boolean
SELECT pg_try_advisory_xact_lock(retraining_lock_key(%(model_name)s)) AS claimed;
