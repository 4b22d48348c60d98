-- Take the right to retrain a model for this session, if nobody has it. It ends with the session at the latest.
-- A session that has it already is shared with somebody: a lock of Postgres would be given to it a second time.
-- Parameters: model_name text
-- Returns:    one row: claimed boolean
SELECT CASE
    WHEN EXISTS (
        SELECT FROM pg_locks held
        WHERE held.locktype = 'advisory'
          AND held.pid = pg_backend_pid()
          AND held.objsubid = 1  -- a key of one bigint, of which classid and objid are the halves
          AND held.classid::bigint = (retraining_lock_key(%(model_name)s) >> 32) & 4294967295
          AND held.objid::bigint = retraining_lock_key(%(model_name)s) & 4294967295
    ) THEN false
    ELSE pg_try_advisory_lock(retraining_lock_key(%(model_name)s))
END AS claimed;
