-- Compare a candidate that an earlier try began with the champion of now: it may have been rolled back since.
-- Parameters: model_name text, version integer
-- Returns:    the row of model_version_management; none if it is no candidate
UPDATE model_version_management v SET parent = (
    SELECT c.version FROM model_version_management c WHERE c.model_name = v.model_name AND c.status = 'champion'
)
WHERE model_name = %(model_name)s AND version = %(version)s AND status = 'candidate'
RETURNING *;
