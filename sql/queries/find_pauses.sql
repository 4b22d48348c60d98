-- The models that are paused now: of each the last row, found by one look into the index, however often it was paused.
-- Parameters: model_name text (NULL for all models)
-- Returns:    rows of model_pauses, one a model at most, by model
WITH RECURSIVE last AS (
    (
        SELECT * FROM model_pauses
        WHERE %(model_name)s::text IS NULL OR model_name = %(model_name)s
        ORDER BY model_name, id DESC
        LIMIT 1
    )
    UNION ALL
    SELECT next.*
    FROM last
    CROSS JOIN LATERAL (
        SELECT * FROM model_pauses p
        WHERE p.model_name > last.model_name AND %(model_name)s::text IS NULL
        ORDER BY p.model_name, p.id DESC
        LIMIT 1
    ) next
)
SELECT * FROM last
WHERE paused
ORDER BY model_name COLLATE "C";
