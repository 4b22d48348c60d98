-- Write down what a watched place looks like now, unless somebody has written down what follows the same state before.
-- Parameters: place text, ordinal int, fingerprint text, files jsonb, changed jsonb, starts boolean,
--             noted_at timestamptz
-- Returns:    the row of data_arrivals; none where another was quicker
INSERT INTO data_arrivals (place, ordinal, fingerprint, files, changed, starts, noted_at)
VALUES (%(place)s, %(ordinal)s, %(fingerprint)s, %(files)s, %(changed)s, %(starts)s, %(noted_at)s)
ON CONFLICT (place, ordinal) DO NOTHING
RETURNING *;
