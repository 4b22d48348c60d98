-- The models that are paused now.
-- Parameters: model_name text (NULL for all models)
-- Returns:    rows of model_pauses, one a model at most, by model
SELECT * FROM (
    SELECT DISTINCT ON (model_name) * FROM model_pauses
    WHERE %(model_name)s::text IS NULL OR model_name = %(model_name)s
    ORDER BY model_name, id DESC
) last
WHERE paused
ORDER BY model_name COLLATE "C";
