-- Let a run take the arrivals that wait; two at once share them, each arrival goes to one.
-- Parameters: run_id text, at timestamptz
-- Returns:    nothing
WITH waiting AS (
    SELECT id FROM data_arrivals WHERE starts AND run_id IS NULL ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE data_arrivals a SET run_id = %(run_id)s, taken_at = %(at)s
FROM waiting WHERE a.id = waiting.id;
