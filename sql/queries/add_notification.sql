-- Write a notification, unless it was written already. An episode does not begin while another of its subject and kind
-- is open, nor after one of those was written later than this was seen; and none ends that never began.
-- Parameters: model_name, subject, kind, episode, phase, severity, owner, run_id, headline text, batch uuid,
--             facts, routing jsonb, written_at, due_at timestamptz
-- Returns:    the row of notifications; none where it is not written
INSERT INTO notifications (
    model_name, subject, kind, episode, phase, severity, owner, run_id, batch, headline, facts, routing, written_at,
    due_at)
SELECT %(model_name)s, %(subject)s, %(kind)s, %(episode)s, %(phase)s, %(severity)s, %(owner)s, %(run_id)s, %(batch)s,
    %(headline)s, %(facts)s, %(routing)s, %(written_at)s, %(due_at)s
WHERE CASE %(phase)s::text
    WHEN 'begun' THEN
        NOT EXISTS (
            SELECT FROM notifications n
            WHERE (n.model_name, n.subject, n.kind) = (%(model_name)s, %(subject)s, %(kind)s) AND n.phase = 'begun'
              AND NOT EXISTS (
                SELECT FROM notifications o
                WHERE (o.model_name, o.subject, o.kind, o.episode, o.phase)
                    = (n.model_name, n.subject, n.kind, n.episode, 'over')))
        AND NOT EXISTS (
            SELECT FROM notifications n
            WHERE (n.model_name, n.subject, n.kind) = (%(model_name)s, %(subject)s, %(kind)s)
              AND n.phase <> 'told' AND n.written_at > %(written_at)s)
    WHEN 'over' THEN
        EXISTS (
            SELECT FROM notifications n
            WHERE (n.model_name, n.subject, n.kind, n.episode, n.phase)
                = (%(model_name)s, %(subject)s, %(kind)s, %(episode)s, 'begun'))
    ELSE true END
ON CONFLICT (model_name, subject, kind, episode, phase) DO NOTHING
RETURNING *;
