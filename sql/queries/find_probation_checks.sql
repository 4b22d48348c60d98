-- What probation has looked at of a champion before a time; dry runs count too, they looked.
-- Parameters: model_name text, version integer, before timestamptz
-- Returns:    rows of model_drift_monitoring, the earliest check first
SELECT s.* FROM model_drift_monitoring s
JOIN retraining_analyses a USING (model_name, run_id)
WHERE a.model_name = %(model_name)s AND a.champion_version = %(version)s AND a.as_of < %(before)s
  AND s.kind = 'probation'
ORDER BY a.as_of, a.run_id COLLATE "C";
