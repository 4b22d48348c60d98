-- What a check kept of the columns that changed most: reference and recent rows side by side.
-- Parameters: model_name text, run_id text
-- Returns:    as_of, distributions jsonb (NULL where its month was removed), removed_at (by retention); no row for an
--             unknown check
SELECT r.as_of, a.distributions,
    (SELECT max(m.dropped_at) FROM dropped_months m
     WHERE m.month <= r.as_of AND r.as_of < m.month + interval '1 month' AND m.dropped_at > r.analyzed_at) AS removed_at
FROM retraining_runs r
LEFT JOIN retraining_analyses a USING (model_name, run_id, as_of)
WHERE r.model_name = %(model_name)s AND r.run_id = %(run_id)s;
