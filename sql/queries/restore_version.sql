-- Make a version champion that was champion before.
-- Parameters: model_name text, to_version integer, at timestamptz
-- Returns:    version integer; no row if that version was never champion
UPDATE model_version_management SET status = 'champion', status_changed_at = %(at)s
WHERE model_name = %(model_name)s AND version = %(to_version)s AND status IN ('retired', 'rolled_back')
RETURNING version;
