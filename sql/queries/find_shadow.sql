-- The version of a model that is in shadow.
-- Parameters: model_name text
-- Returns:    at most one row of model_version_management
SELECT * FROM model_version_management
WHERE model_name = %(model_name)s AND status = 'candidate' AND shadow_checks IS NOT NULL;
