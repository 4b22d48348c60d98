-- What the triggers answered at a model's latest checks before a time; dry runs aside.
-- Parameters: model_name text, before timestamptz, most integer
-- Returns:    as_of timestamptz, triggers jsonb; the newest first, one row for each as_of
SELECT DISTINCT ON (r.as_of) r.as_of, d.triggers
FROM retraining_runs r
JOIN retraining_decisions d USING (model_name, run_id)
WHERE r.model_name = %(model_name)s AND r.as_of < %(before)s AND NOT r.dry_run
ORDER BY r.as_of DESC, d.decided_at DESC, r.run_id COLLATE "C" DESC
LIMIT %(most)s;
