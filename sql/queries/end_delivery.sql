-- Keep how a try to deliver ended; one that has ended already stays as it is.
-- Parameters: id bigint, status text, error text, ended_at timestamptz
-- Returns:    nothing
UPDATE notification_deliveries SET status = %(status)s, error = %(error)s, ended_at = %(ended_at)s
WHERE id = %(id)s AND status = 'sending';
