-- Models with a champion and without a model file: where their rows came from, as a run last saw it.
-- Parameters: model_names text[] (of the model files that there are)
-- Returns:    model_name, source jsonb, timestamp text, target text, last_seen_at timestamptz; by model
SELECT model_name, config -> 'source' AS source, config ->> 'timestamp' AS timestamp, config ->> 'target' AS target,
       last_seen_at
FROM auto_retraining_jobs
WHERE model_name <> ALL (%(model_names)s::text[])
  AND EXISTS (
      SELECT FROM model_version_management v
      WHERE v.model_name = auto_retraining_jobs.model_name AND v.status = 'champion'
  )
ORDER BY model_name COLLATE "C";
