-- The running errors of a version, as the latest analysis of it before a time left them.
-- Parameters: model_name text, version integer, before timestamptz
-- Returns:    running_errors jsonb; at most one row
SELECT running_errors FROM retraining_analyses
WHERE model_name = %(model_name)s AND champion_version = %(version)s AND as_of < %(before)s
ORDER BY as_of DESC, run_id COLLATE "C" DESC
LIMIT 1;
