-- Begin a try to deliver, unless another is going on or the service has it, or is not to have it.
-- Parameters: notification_id bigint, service text, address text, incident text, begun_at timestamptz
-- Returns:    the row of notification_deliveries; none where nothing is to be sent now
INSERT INTO notification_deliveries (notification_id, service, address, attempt, incident, begun_at)
SELECT %(notification_id)s, %(service)s, %(address)s,
    1 + (SELECT coalesce(max(d.attempt), 0) FROM notification_deliveries d
         WHERE d.notification_id = %(notification_id)s AND d.service = %(service)s),
    %(incident)s, %(begun_at)s
WHERE NOT EXISTS (
    SELECT FROM notification_deliveries d
    WHERE d.notification_id = %(notification_id)s AND d.service = %(service)s AND d.status <> 'failed')
  AND EXISTS (SELECT FROM notifications n WHERE n.id = %(notification_id)s AND n.settled IS NULL)
ON CONFLICT (notification_id, service, attempt) DO NOTHING
RETURNING *;
