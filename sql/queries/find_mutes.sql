-- Mutes that last at a time, or any time later.
-- Parameters: at timestamptz
-- Returns:    rows of notification_mutes, oldest first
SELECT * FROM notification_mutes WHERE muted_until > %(at)s AND lifted_at IS NULL ORDER BY id;
