-- Notifications that are to be sent by a time and are not settled.
-- Parameters: at timestamptz, most bigint
-- Returns:    rows of notifications, oldest first
SELECT * FROM notifications WHERE settled IS NULL AND due_at <= %(at)s ORDER BY id LIMIT %(most)s;
