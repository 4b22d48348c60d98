-- Who was champion when: every stretch that falls into a period, also in part.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    columns of champion_periods, and artifact_path, artifact_sha256 and the training data of the version
SELECT
    p.model_name, p.version, p.since, p.until, p.kind, p.ended_by, p.deployed_by, p.reason, p.event_id, p.run_id,
    p.change_id, v.artifact_path, v.artifact_sha256, v.training_data_path, v.training_data_hash, v.training_data_size
FROM champion_periods p
JOIN model_version_management v USING (model_name, version)
WHERE p.since < %(until)s AND (p.until IS NULL OR p.until > %(since)s)
  AND (%(model_name)s::text IS NULL OR p.model_name = %(model_name)s)
ORDER BY p.model_name COLLATE "C", p.since, p.change_id;
