-- What the triggers answered at a model's latest checks before a time; dry runs aside.
-- Parameters: model_name text, before timestamptz, most integer
-- Returns:    as_of timestamptz, triggers jsonb; the newest first, one row for each as_of
SELECT DISTINCT ON (a.as_of) a.as_of, d.triggers
FROM retraining_analyses a
JOIN retraining_decisions d USING (model_name, run_id)
WHERE a.model_name = %(model_name)s AND a.as_of < %(before)s AND NOT a.dry_run
ORDER BY a.as_of DESC, d.decided_at DESC, a.run_id COLLATE "C" DESC
LIMIT %(most)s;
