-- Keep one signal of an analysis.
-- Parameters: the columns of model_drift_monitoring, but for its id and what is generated
-- Returns:    nothing
INSERT INTO model_drift_monitoring (
    model_name, run_id, as_of, kind, feature, statistic, verdict, value, threshold, p_value, level, blocks, reason,
    detail, measured_at)
VALUES (
    %(model_name)s, %(run_id)s, %(as_of)s, %(kind)s, %(feature)s, %(statistic)s, %(verdict)s, %(value)s,
    %(threshold)s, %(p_value)s, %(level)s, %(blocks)s, %(reason)s, %(detail)s, %(measured_at)s);
