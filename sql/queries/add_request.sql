-- Make a request, unless one with its key is waiting already.
-- Parameters: model_name text, kind text, key text, reason text, requested_by text, requested_at timestamptz,
--             hyperparameters jsonb, notes text, training_data_path text
-- Returns:    the row of retraining_requests that now waits, and `added`: whether it is new
INSERT INTO retraining_requests (
    model_name, kind, key, reason, requested_by, requested_at, hyperparameters, notes, training_data_path)
VALUES (
    %(model_name)s, %(kind)s, %(key)s, %(reason)s, %(requested_by)s, %(requested_at)s, %(hyperparameters)s, %(notes)s,
    %(training_data_path)s)
ON CONFLICT (model_name, key) WHERE run_id IS NULL DO UPDATE SET key = excluded.key  -- changes nothing, returns the row
RETURNING *, xmax = 0 AS added;  -- xmax is set only where a row was there
