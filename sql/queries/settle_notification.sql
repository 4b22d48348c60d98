-- Keep what became of a notification, once.
-- Parameters: id bigint, settled text, settled_at timestamptz
-- Returns:    nothing
UPDATE notifications SET settled = %(settled)s, settled_at = %(settled_at)s WHERE id = %(id)s AND settled IS NULL;
