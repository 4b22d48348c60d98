-- The running errors of a version, as the latest analysis of it before a time left them.
-- Parameters: model_name text, version integer, before timestamptz
-- Returns:    running_errors jsonb; at most one row
SELECT a.running_errors FROM retraining_runs r
LEFT JOIN retraining_analyses a USING (model_name, run_id, as_of)
WHERE r.model_name = %(model_name)s AND r.champion_version = %(version)s AND r.as_of < %(before)s
ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
LIMIT 1;
