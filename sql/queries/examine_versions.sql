-- Where the files of all versions of all models are.
-- Parameters: none
-- Returns:    rows: model_name text, version integer, status text, artifact_path text, artifact_sha256 text
SELECT model_name, version, status, artifact_path, artifact_sha256
FROM model_version_management
ORDER BY model_name, version;
