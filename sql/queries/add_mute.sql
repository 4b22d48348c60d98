-- Silence the notifications about a model, or about all.
-- Parameters: model_name text (empty for all models), muted_until timestamptz, muted_by text, reason text,
--             muted_at timestamptz
-- Returns:    the row of notification_mutes
INSERT INTO notification_mutes (model_name, muted_until, muted_by, reason, muted_at)
VALUES (%(model_name)s, %(muted_until)s, %(muted_by)s, %(reason)s, %(muted_at)s)
RETURNING *;
