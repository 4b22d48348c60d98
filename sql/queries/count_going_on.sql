-- How many episodes that a service was told of under an incident are not over.
-- Parameters: service text, incident text
-- Returns:    going_on bigint
SELECT count(DISTINCT n.id) AS going_on
FROM notification_deliveries d
JOIN notifications n ON n.id = d.notification_id AND n.phase = 'begun'
WHERE d.service = %(service)s AND d.incident = %(incident)s AND d.status = 'sent' AND d.incident <> ''
  AND NOT EXISTS (
    SELECT FROM notifications o
    WHERE (o.model_name, o.subject, o.kind, o.episode, o.phase) = (n.model_name, n.subject, n.kind, n.episode, 'over'));
