-- Keep what a call from outside was answered, once.
-- Parameters: caller text, key text, attempt uuid, http_status integer, answer jsonb, answered_at timestamptz
-- Returns:    the row of idempotency_keys; none where another process has taken the call over
UPDATE idempotency_keys SET status = %(http_status)s, answer = %(answer)s, answered_at = %(answered_at)s
WHERE caller = %(caller)s AND key = %(key)s AND attempt = %(attempt)s AND status IS NULL
RETURNING *;
