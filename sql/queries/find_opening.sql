-- The begin of an episode.
-- Parameters: model_name text, subject text, kind text, episode text
-- Returns:    a row of notifications, or none
SELECT * FROM notifications
WHERE (model_name, subject, kind, episode, phase) = (%(model_name)s, %(subject)s, %(kind)s, %(episode)s, 'begun');
