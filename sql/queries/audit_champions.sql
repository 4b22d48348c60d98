-- Who was champion when: every stretch that falls into a period, also in part. As champion_periods, but read by index:
-- the changes in the period, and the last one before it of each model.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    columns of champion_periods, and artifact_path, artifact_sha256 and the training data of the version
WITH RECURSIVE models AS (
    SELECT min(model_name) AS model_name FROM model_deployment_history
    WHERE %(model_name)s::text IS NULL OR model_name = %(model_name)s
    UNION ALL
    SELECT (SELECT min(d.model_name) FROM model_deployment_history d WHERE d.model_name > m.model_name)
    FROM models m WHERE m.model_name IS NOT NULL AND %(model_name)s::text IS NULL
), changes AS (
    SELECT * FROM model_deployment_history
    WHERE deployed_at >= %(since)s AND deployed_at < %(until)s
      AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
    UNION ALL
    SELECT last.* FROM models m
    CROSS JOIN LATERAL (
        SELECT * FROM model_deployment_history d WHERE d.model_name = m.model_name AND d.deployed_at < %(since)s
        ORDER BY d.deployed_at DESC, d.id DESC
        LIMIT 1
    ) last
)
SELECT
    c.model_name, c.to_version AS version, c.deployed_at AS since, next.deployed_at AS until, c.kind,
    next.kind AS ended_by, c.deployed_by, c.reason, c.event_id, c.run_id, c.id AS change_id, v.artifact_path,
    v.artifact_sha256, v.training_data_path, v.training_data_hash, v.training_data_size
FROM changes c
JOIN model_version_management v ON v.model_name = c.model_name AND v.version = c.to_version
LEFT JOIN LATERAL (
    SELECT d.deployed_at, d.kind FROM model_deployment_history d
    WHERE d.model_name = c.model_name AND (d.deployed_at, d.id) > (c.deployed_at, c.id)
    ORDER BY d.deployed_at, d.id
    LIMIT 1
) next ON true
WHERE next.deployed_at IS NULL OR next.deployed_at > %(since)s
ORDER BY c.model_name COLLATE "C", c.deployed_at, c.id;
