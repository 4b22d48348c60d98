-- The latest checks of a model in a period; dry runs aside.
-- Parameters: model_name text, since timestamptz, until timestamptz (excluded), most integer
-- Returns:    run_id, as_of; the newest first
SELECT r.run_id, r.as_of FROM retraining_runs r
WHERE r.model_name = %(model_name)s AND r.as_of >= %(since)s AND r.as_of < %(until)s AND NOT r.dry_run
ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
LIMIT %(most)s;
