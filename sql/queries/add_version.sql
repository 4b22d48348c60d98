-- Begin a version: a candidate with the next number of its model, higher than another number too.
-- Parameters: model_name text, event_id bigint, created_by text, at timestamptz, above integer
-- Returns:    the row of model_version_management
INSERT INTO model_version_management (
    model_name, version, event_id, status, status_changed_at, created_at, created_by, parent)
SELECT
    %(model_name)s,
    greatest(coalesce(max(version), 0), %(above)s::integer) + 1,
    %(event_id)s,
    'candidate',
    %(at)s,
    %(at)s,
    %(created_by)s,
    max(version) FILTER (WHERE status = 'champion')
FROM model_version_management
WHERE model_name = %(model_name)s
RETURNING *;
