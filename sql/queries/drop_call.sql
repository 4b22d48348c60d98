-- Let a call from outside be made again with its key, because nothing was done for it.
-- Parameters: caller text, key text, attempt uuid
-- Returns:    nothing
DELETE FROM idempotency_keys
WHERE caller = %(caller)s AND key = %(key)s AND attempt = %(attempt)s AND status IS NULL;
