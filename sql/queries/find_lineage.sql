-- All versions of a model with parents, children and histories, and the metric that decides about the model.
-- Parameters: model_name text
-- Returns:    rows of model_lineage, and `metric` (NULL for a model that no run has registered); oldest first
SELECT l.*, j.config ->> 'metric' AS metric
FROM model_lineage l
LEFT JOIN auto_retraining_jobs j USING (model_name)
WHERE l.model_name = %(model_name)s
ORDER BY l.version;
