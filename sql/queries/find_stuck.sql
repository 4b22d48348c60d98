-- Notifications that were to be sent before a time and are not settled, and those that were given up since another.
-- What is muted is left out.
-- Parameters: due_before timestamptz, since timestamptz, at timestamptz
-- Returns:    waiting bigint, given_up bigint, since timestamptz (NULL for none)
SELECT count(*) FILTER (WHERE n.settled IS NULL) AS waiting,
       count(*) FILTER (WHERE n.settled IS NOT NULL) AS given_up,
       min(n.due_at) AS since
FROM notifications n
WHERE (n.settled IS NULL AND n.due_at < %(due_before)s OR n.settled = 'given_up' AND n.settled_at >= %(since)s)
  AND NOT EXISTS (
    SELECT FROM notification_mutes m
    WHERE m.model_name IN ('', n.model_name) AND m.lifted_at IS NULL AND m.muted_at <= %(at)s
      AND m.muted_until > %(at)s);
