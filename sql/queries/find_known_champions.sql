-- Some versions of a model that were champion: since when, and what each was trained on.
-- Parameters: model_name text, versions integer[]
-- Returns:    version, since (as of when it was promoted first, or trained where it never was), trained_at (as of),
--             training_data_size, data_hash (of all rows that there were then; NULL where none was taken)
SELECT
    v.version, coalesce(promoted.as_of, trained.as_of) AS since, trained.as_of AS trained_at, v.training_data_size,
    run.data_hash
FROM model_version_management v
JOIN model_retraining_events trained ON trained.id = v.event_id
LEFT JOIN retraining_runs run ON run.model_name = v.model_name AND run.run_id = trained.run_id
LEFT JOIN LATERAL (
    SELECT e.as_of FROM model_deployment_history d
    JOIN model_retraining_events e ON e.id = d.event_id
    WHERE d.model_name = v.model_name AND d.to_version = v.version AND d.event_id IS NOT NULL
    ORDER BY d.id
    LIMIT 1
) promoted ON true
WHERE v.model_name = %(model_name)s AND v.version = ANY (%(versions)s);
