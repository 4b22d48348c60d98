-- What checks before a time have found when they looked at one version beside another; dry runs count too, they looked.
-- Parameters: model_name text, kind text (of the signals), version integer (champion then), before timestamptz
-- Returns:    rows of model_drift_monitoring, the earliest check first
SELECT s.* FROM model_drift_monitoring s
JOIN retraining_analyses a USING (model_name, run_id)
WHERE a.model_name = %(model_name)s AND a.champion_version = %(version)s AND a.as_of < %(before)s
  AND s.kind = %(kind)s
ORDER BY a.as_of, a.run_id COLLATE "C";
