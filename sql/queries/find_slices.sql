-- Performance on the slices of a model at one check.
-- Parameters: model_name text, run_id text, as_of timestamptz
-- Returns:    feature (the slice), verdict, statistic, value, threshold, p_value, reason; those that changed first
SELECT s.feature, s.verdict, s.statistic, s.value, s.threshold, s.p_value, s.reason
FROM model_drift_monitoring s
WHERE s.model_name = %(model_name)s AND s.run_id = %(run_id)s AND s.as_of = %(as_of)s AND s.kind = 'slice_performance'
ORDER BY s.verdict = 'changed' DESC, s.feature COLLATE "C", s.statistic;
