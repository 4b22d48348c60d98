-- The begins of the episodes that are not over.
-- Parameters: none
-- Returns:    rows of notifications, oldest first
SELECT n.* FROM notifications n
WHERE n.phase = 'begun'
  AND NOT EXISTS (
    SELECT FROM notifications o
    WHERE (o.model_name, o.subject, o.kind, o.episode, o.phase) = (n.model_name, n.subject, n.kind, n.episode, 'over'))
ORDER BY n.id;
