-- What was champion at a time: the version that the last change of champion until then led to.
-- Parameters: model_name text, at timestamptz
-- Returns:    at most one row of model_version_management, with the status that it has now
SELECT v.* FROM (
    SELECT model_name, to_version FROM model_deployment_history
    WHERE model_name = %(model_name)s AND deployed_at <= %(at)s
    ORDER BY deployed_at DESC, id DESC
    LIMIT 1
) d
JOIN model_version_management v ON v.model_name = d.model_name AND v.version = d.to_version;
