-- Tries to deliver some notifications.
-- Parameters: notification_ids bigint[]
-- Returns:    rows of notification_deliveries, oldest first
SELECT * FROM notification_deliveries WHERE notification_id = ANY (%(notification_ids)s) ORDER BY id;
