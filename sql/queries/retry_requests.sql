-- Let requests wait again whose retrain failed, but for those that were tried too often; those get the reason.
-- One that was made again meanwhile waits already, and is not doubled.
-- Parameters: model_name text, run_id text, most_tries integer, gave_up text
-- Returns:    nothing
WITH given_up AS (
    UPDATE retraining_requests SET gave_up = %(gave_up)s
    WHERE model_name = %(model_name)s AND run_id = %(run_id)s AND tries >= %(most_tries)s
)
INSERT INTO retraining_requests (
    model_name, kind, key, reason, requested_by, requested_at, hyperparameters, notes, training_data_path, tries,
    retry_of)
SELECT model_name, kind, key, reason, requested_by, requested_at, hyperparameters, notes, training_data_path,
    tries + 1, id
FROM retraining_requests
WHERE model_name = %(model_name)s AND run_id = %(run_id)s AND tries < %(most_tries)s
ORDER BY id
ON CONFLICT (model_name, key) WHERE run_id IS NULL DO NOTHING;
