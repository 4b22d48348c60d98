-- Begin a call from outside that writes; one that another process began long ago and never answered is taken over.
-- Parameters: caller text, key text, fingerprint text, attempt uuid, begun_at timestamptz, given_up_before timestamptz
-- Returns:    the row of idempotency_keys; its attempt is the one given where the call is to be done now
INSERT INTO idempotency_keys AS kept (caller, key, fingerprint, attempt, begun_at)
VALUES (%(caller)s, %(key)s, %(fingerprint)s, %(attempt)s, %(begun_at)s)
ON CONFLICT (caller, key) DO UPDATE SET
    attempt = CASE WHEN kept.status IS NULL AND kept.begun_at < %(given_up_before)s
                        AND kept.fingerprint = excluded.fingerprint THEN excluded.attempt ELSE kept.attempt END,
    begun_at = CASE WHEN kept.status IS NULL AND kept.begun_at < %(given_up_before)s
                         AND kept.fingerprint = excluded.fingerprint THEN excluded.begun_at ELSE kept.begun_at END
RETURNING *;
