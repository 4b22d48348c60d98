-- As of when a model was last retrained up to a verdict of the gate; first versions, which meet no champion, and ends
-- of a shadow, which train nothing, aside. If the last most_tries were all lost, the newest of them counts as well.
-- Those of later than `until`, of a machine whose clock was ahead, do not count.
-- Parameters: model_name text, most_tries integer, until timestamptz
-- Returns:    one row: as_of timestamptz (NULL for never)
WITH ended AS (
    SELECT
        as_of, champion_version, status IN ('failed', 'abandoned') AS lost,
        row_number() OVER (ORDER BY id DESC) AS nth
    FROM model_retraining_events
    WHERE model_name = %(model_name)s AND as_of <= %(until)s
      AND trigger_type <> 'shadow'
      AND status IN ('promoted', 'held', 'rejected', 'failed', 'abandoned')
)
SELECT max(as_of) AS as_of FROM ended
WHERE (NOT lost AND champion_version IS NOT NULL)
   OR (nth = 1 AND (SELECT count(*) FILTER (WHERE lost) = %(most_tries)s FROM ended WHERE nth <= %(most_tries)s));
