-- Retire the champion of a model, to make room for the next one in the same transaction.
-- Parameters: model_name text, at timestamptz
-- Returns:    at most one row: version integer
UPDATE model_version_management SET status = 'retired', status_changed_at = %(at)s
WHERE model_name = %(model_name)s AND status = 'champion'
RETURNING version;
