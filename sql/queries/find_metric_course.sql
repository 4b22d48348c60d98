-- The deciding metric of a model's champions, check for check; dry runs aside.
-- Parameters: model_name text, since timestamptz, until timestamptz (excluded), most integer
-- Returns:    run_id, as_of, version (champion then), value, low, high, rows, promised; the latest, oldest first
SELECT * FROM (
    SELECT
        r.run_id, r.as_of, m.version, m.value, m.low, m.high, m.rows,
        (v.baseline -> 'scores' ->> j.metric)::double precision AS promised
    FROM retraining_runs r
    JOIN auto_retraining_jobs j USING (model_name)
    JOIN model_performance_tracking m ON m.model_name = r.model_name AND m.run_id = r.run_id AND m.as_of = r.as_of
        AND m.version = r.champion_version AND m.metric = j.metric
    JOIN model_version_management v ON v.model_name = r.model_name AND v.version = m.version
    WHERE r.model_name = %(model_name)s AND r.as_of >= %(since)s AND r.as_of < %(until)s AND NOT r.dry_run
    ORDER BY r.as_of DESC, r.run_id COLLATE "C" DESC
    LIMIT %(most)s
) latest
ORDER BY as_of, run_id COLLATE "C";
