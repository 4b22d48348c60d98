-- Who has the right to retrain a model.
-- Parameters: model_name text
-- Returns:    at most one row: pid integer, application_name text (NULL if hidden), mine boolean (held by this session)
SELECT held.pid, activity.application_name, held.pid = pg_backend_pid() AS mine
FROM pg_locks held
LEFT JOIN pg_stat_activity activity USING (pid)
WHERE held.locktype = 'advisory'
  AND held.granted
  AND held.objsubid = 1  -- a key of one bigint, of which classid and objid are the halves
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid::bigint = (retraining_lock_key(%(model_name)s) >> 32) & 4294967295
  AND held.objid::bigint = retraining_lock_key(%(model_name)s) & 4294967295;
