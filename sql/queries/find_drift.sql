-- How far each column of a model was from its reference at some checks: of several statistics that which went farthest.
-- Parameters: model_name text, run_ids text[], as_ofs timestamptz[] (of the same checks)
-- Returns:    run_id, feature, statistic, verdict, value, threshold, p_value, size (value over threshold)
SELECT DISTINCT ON (s.run_id, s.feature)
    s.run_id, s.feature, s.statistic, s.verdict, s.value, s.threshold, s.p_value,
    CASE WHEN s.threshold <> 0 THEN s.value / s.threshold END AS size
FROM unnest(%(run_ids)s::text[], %(as_ofs)s::timestamptz[]) AS c (run_id, as_of)
JOIN model_drift_monitoring s ON s.model_name = %(model_name)s AND s.run_id = c.run_id AND s.as_of = c.as_of
WHERE s.kind = 'data_drift' AND s.feature <> ''
ORDER BY s.run_id, s.feature, s.verdict = 'changed' DESC, size DESC NULLS LAST, s.statistic;
