-- Write down that a step of a run failed; once, however often it is tried.
-- Parameters: failure_id uuid, model_name text, run_id text, step text, error_type text, error text, permanent boolean,
--             requested_by text, failed_at timestamptz
-- Returns:    nothing
INSERT INTO retraining_failures (
    failure_id, model_name, run_id, step, error_type, error, permanent, requested_by, failed_at)
VALUES (%(failure_id)s, %(model_name)s, %(run_id)s, %(step)s, %(error_type)s, %(error)s, %(permanent)s,
    %(requested_by)s, %(failed_at)s)
ON CONFLICT (failure_id) DO NOTHING;
