-- Pause a model, or let it go on; the caller holds the lock of `lock_run` for the model and no run.
-- Parameters: model_name text, paused boolean, set_by text, reason text, set_at timestamptz
-- Returns:    the row of model_pauses; none for a model that is so already
INSERT INTO model_pauses (model_name, paused, set_by, reason, set_at)
SELECT %(model_name)s, %(paused)s, %(set_by)s, %(reason)s, %(set_at)s
WHERE %(paused)s::boolean <> coalesce((
    SELECT last.paused FROM model_pauses last WHERE last.model_name = %(model_name)s ORDER BY last.id DESC LIMIT 1
), false)
RETURNING *;
