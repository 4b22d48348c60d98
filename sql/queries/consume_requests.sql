-- Consume requests for the run whose decision saw them; what another run has consumed meanwhile is left out.
-- Parameters: model_name text, run_id text, ids bigint[], at timestamptz
-- Returns:    id bigint of each request consumed
WITH waiting AS (
    SELECT id FROM retraining_requests
    WHERE model_name = %(model_name)s AND id = ANY (%(ids)s) AND run_id IS NULL
    ORDER BY id  -- two runs at once take them in the same order, so neither waits for the other for ever
    FOR UPDATE
)
UPDATE retraining_requests r SET run_id = %(run_id)s, consumed_at = %(at)s
FROM waiting WHERE r.id = waiting.id
RETURNING r.id;
