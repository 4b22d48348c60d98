-- What checks before a time have found when they looked at one version beside another; dry runs count too, they looked.
-- Parameters: model_name text, kind text (of the signals), version integer (champion then), before timestamptz
-- Returns:    rows of model_drift_monitoring, the earliest check first
SELECT s.* FROM model_drift_monitoring s
JOIN retraining_runs r USING (model_name, run_id, as_of)
WHERE r.model_name = %(model_name)s AND r.champion_version = %(version)s AND r.as_of < %(before)s
  AND s.kind = %(kind)s
ORDER BY r.as_of, r.run_id COLLATE "C";
