-- Forget old calls from outside.
-- Parameters: before timestamptz
-- Returns:    nothing
DELETE FROM idempotency_keys WHERE begun_at < %(before)s;
