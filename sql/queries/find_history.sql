-- The latest checks of a model up to a time, dry runs aside, without what only a report of the run itself draws.
-- Parameters: model_name text, until timestamptz, most integer
-- Returns:    columns of retraining_runs, of retraining_analyses and of retraining_decisions, and removed_at (by
--             retention); oldest first
SELECT
    r.as_of, r.request_reason, r.requested_by, r.force, r.dry_run, r.preset, r.elsewhere, r.window_start, r.window_end,
    r.rows, r.labelled_rows, r.champion_version, coalesce(a.facts, '{}') AS facts, NULL::jsonb AS running_errors,
    '[]'::jsonb AS distributions,
    (SELECT max(m.dropped_at) FROM dropped_months m
     WHERE m.month <= r.as_of AND r.as_of < m.month + interval '1 month'
       AND m.dropped_at > r.analyzed_at) AS removed_at,
    d.*
FROM (
    SELECT r.* FROM retraining_runs r
    WHERE r.model_name = %(model_name)s AND r.as_of <= %(until)s AND NOT r.dry_run
      AND EXISTS (SELECT FROM retraining_decisions d WHERE d.model_name = r.model_name AND d.run_id = r.run_id)
    ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
    LIMIT %(most)s
) r
JOIN retraining_decisions d USING (model_name, run_id)
LEFT JOIN retraining_analyses a USING (model_name, run_id, as_of)
ORDER BY r.as_of, r.run_id COLLATE "C";
