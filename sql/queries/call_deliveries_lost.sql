-- End the tries whose process must have died as failed.
-- Parameters: begun_before timestamptz, error text, ended_at timestamptz
-- Returns:    nothing
UPDATE notification_deliveries SET status = 'failed', error = %(error)s, ended_at = %(ended_at)s
WHERE status = 'sending' AND begun_at < %(begun_before)s;
