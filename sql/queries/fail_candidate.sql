-- Mark the candidate of an event that came to nothing as failed, if there is one.
-- Parameters: event_id bigint, at timestamptz
-- Returns:    nothing
UPDATE model_version_management SET status = 'failed', status_changed_at = %(at)s
WHERE event_id = %(event_id)s AND status = 'candidate';
