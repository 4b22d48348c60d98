-- Keep one metric of one version on the recent rows of an analysis.
-- Parameters: the columns of model_performance_tracking, but for its id
-- Returns:    nothing
INSERT INTO model_performance_tracking (
    model_name, run_id, as_of, version, metric, value, rows, low, high, measured_at)
VALUES (
    %(model_name)s, %(run_id)s, %(as_of)s, %(version)s, %(metric)s, %(value)s, %(rows)s, %(low)s, %(high)s,
    %(measured_at)s);
