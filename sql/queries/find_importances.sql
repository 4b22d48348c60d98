-- How much the errors of a model's champion hang on each of its columns.
-- Parameters: model_name text
-- Returns:    version, importances jsonb (NULL where not on record); no row without a champion
SELECT v.version, v.details -> 'importances' AS importances
FROM model_version_management v
WHERE v.model_name = %(model_name)s AND v.status = 'champion';
