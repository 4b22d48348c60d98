-- Take the place of champion from a version that is to be rolled back.
-- Parameters: model_name text, from_version integer, at timestamptz
-- Returns:    version integer; no row if that version is not champion
UPDATE model_version_management SET status = 'rolled_back', status_changed_at = %(at)s
WHERE model_name = %(model_name)s AND version = %(from_version)s AND status = 'champion'
RETURNING version;
