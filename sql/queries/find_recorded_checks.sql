-- What the latest checks of a model in a period saw, and what was decided; dry runs and those without a champion aside.
-- Parameters: model_name text, since timestamptz, until timestamptz (excluded), most integer
-- Returns:    columns of retraining_runs, facts, distributions and running_errors (empty), triggered, removed_at
--             (by retention); oldest first
SELECT * FROM (
    SELECT r.*, coalesce(a.facts, '{}') AS facts, '[]'::jsonb AS distributions, NULL::jsonb AS running_errors,
           d.triggered,
           (SELECT max(m.dropped_at) FROM dropped_months m
            WHERE m.month <= r.as_of AND r.as_of < m.month + interval '1 month'
              AND m.dropped_at > r.analyzed_at) AS removed_at
    FROM retraining_runs r
    JOIN retraining_decisions d USING (model_name, run_id)
    LEFT JOIN retraining_analyses a USING (model_name, run_id, as_of)
    WHERE r.model_name = %(model_name)s AND r.as_of >= %(since)s AND r.as_of < %(until)s AND NOT r.dry_run
      AND r.champion_version IS NOT NULL
    ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
    LIMIT %(most)s
) latest
ORDER BY as_of, run_id COLLATE "C";
