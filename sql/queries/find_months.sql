-- The months of which signals, measurements and analyses are kept.
-- Parameters: none
-- Returns:    table_name, month timestamptz (its first moment, UTC), rows bigint (about; NULL where Postgres has not
--             counted yet), bytes bigint (with indexes); oldest first
SELECT p.relname AS table_name, to_date(right(c.relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS month,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows, pg_total_relation_size(c.oid) AS bytes
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_class p ON p.oid = i.inhparent
WHERE i.inhparent IN ('retraining_analyses'::regclass, 'model_drift_monitoring'::regclass,
                      'model_performance_tracking'::regclass)
ORDER BY month, p.relname COLLATE "C";
