-- Write down a registered model and its effective settings as last seen.
-- Parameters: model_name text, config_hash text, config jsonb, at timestamptz
-- Returns:    nothing
INSERT INTO auto_retraining_jobs AS known (model_name, config_hash, config, registered_at, changed_at, last_seen_at)
VALUES (%(model_name)s, %(config_hash)s, %(config)s, %(at)s, %(at)s, %(at)s)
ON CONFLICT (model_name) DO UPDATE SET
    config_hash = excluded.config_hash,
    config = excluded.config,
    changed_at = CASE WHEN known.config_hash = excluded.config_hash THEN known.changed_at ELSE excluded.changed_at END,
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at);
