-- Write on an open event who approved it; a try that is repeated changes nothing.
-- Parameters: event_id bigint, approved_by text, notes text, at timestamptz
-- Returns:    nothing
UPDATE model_retraining_events SET
    approved_by = %(approved_by)s,
    approved_at = %(at)s,
    retraining_notes = coalesce(retraining_notes, %(notes)s)
WHERE id = %(event_id)s AND approved_by IS NULL;
