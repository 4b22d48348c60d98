-- Where the files of the champions are, of the newest version of each model that has any, and of that which a rollback
-- to the one before leads to.
-- Parameters: none
-- Returns:    rows: model_name text, version integer, status text, artifact_path text, artifact_sha256 text,
--             has_reference boolean (whether what checks compare with is on record)
SELECT model_name, version, status, artifact_path, artifact_sha256,
       EXISTS (SELECT FROM reference_profiles r WHERE r.model_name = known.model_name AND r.version = known.version)
           AS has_reference
FROM (
    SELECT *, max(version) FILTER (WHERE artifact_path <> '') OVER (PARTITION BY model_name) AS newest
    FROM model_version_management
) known
WHERE status = 'champion' OR version = newest OR (status = 'retired' AND version = (
    SELECT d.to_version FROM model_deployment_history d
    JOIN model_version_management r ON r.model_name = d.model_name AND r.version = d.to_version
    WHERE d.model_name = known.model_name AND r.status = 'retired'
    ORDER BY d.id DESC LIMIT 1
))
ORDER BY model_name, version;
