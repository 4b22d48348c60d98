-- The version in production.
-- Parameters: model_name text
-- Returns:    at most one row of model_version_management
SELECT * FROM model_version_management WHERE model_name = %(model_name)s AND status = 'champion';
