-- How many decisions each model had in a period, and how they came out; "no" included.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    model_name, decisions, fired (dry runs aside), dry_runs (fired or not), blocked (wanted, but kept from
--             it), quiet (nothing wanted)
SELECT
    d.model_name,
    count(*) AS decisions,
    count(*) FILTER (WHERE d.triggered AND NOT r.dry_run) AS fired,
    count(*) FILTER (WHERE r.dry_run) AS dry_runs,
    count(*) FILTER (WHERE NOT d.triggered AND NOT r.dry_run AND d.blocked_by <> '[]') AS blocked,
    count(*) FILTER (WHERE NOT d.triggered AND NOT r.dry_run AND d.blocked_by = '[]') AS quiet
FROM retraining_decisions d
JOIN retraining_runs r USING (model_name, run_id)
WHERE d.decided_at >= %(since)s AND d.decided_at < %(until)s
  AND (%(model_name)s::text IS NULL OR d.model_name = %(model_name)s)
GROUP BY d.model_name
ORDER BY d.model_name COLLATE "C";
