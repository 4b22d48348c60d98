-- All signals of some checks of a model.
-- Parameters: model_name text, run_ids text[], as_ofs timestamptz[] (of the same checks)
-- Returns:    rows of model_drift_monitoring, in the order in which each check found them
SELECT s.*
FROM unnest(%(run_ids)s::text[], %(as_ofs)s::timestamptz[]) AS c (run_id, as_of)
JOIN model_drift_monitoring s ON s.model_name = %(model_name)s AND s.run_id = c.run_id AND s.as_of = c.as_of
ORDER BY s.id;
