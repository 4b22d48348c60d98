-- Take the right to retrain a model for this session, if nobody has it. It ends with the session at the latest.
-- Parameters: model_name text
-- Returns:    one row: claimed boolean
SELECT pg_try_advisory_lock(retraining_lock_key(%(model_name)s)) AS claimed;
