-- Retrainings that have begun and not ended, and whether anybody holds the right to them.
-- Parameters: none
-- Returns:    rows: id bigint, model_name text, since timestamptz, held boolean
SELECT e.id, e.model_name, e.execution_started_at AS since,
       EXISTS (
           SELECT FROM pg_locks held
           WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
             AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND held.classid::bigint = (retraining_lock_key(e.model_name) >> 32) & 4294967295
             AND held.objid::bigint = retraining_lock_key(e.model_name) & 4294967295
       ) AS held
FROM model_retraining_events e
WHERE e.status = 'executing'
ORDER BY e.id;
