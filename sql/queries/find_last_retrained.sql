-- As of when a model was last retrained up to a verdict of the gate; first versions, which meet no champion, and ends
-- of a shadow, which train nothing, aside.
-- Parameters: model_name text
-- Returns:    one row: as_of timestamptz (NULL for never)
SELECT max(as_of) AS as_of FROM model_retraining_events
WHERE model_name = %(model_name)s
  AND champion_version IS NOT NULL
  AND trigger_type <> 'shadow'
  AND status IN ('promoted', 'held', 'rejected');
