-- All versions of a model.
-- Parameters: model_name text
-- Returns:    rows of model_version_management, oldest first
SELECT * FROM model_version_management WHERE model_name = %(model_name)s ORDER BY version;
