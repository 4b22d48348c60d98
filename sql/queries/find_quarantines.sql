-- What is or was in quarantine, those lifted included.
-- Parameters: model_name text (NULL for all models)
-- Returns:    rows of quarantined_spans, oldest first
SELECT * FROM quarantined_spans
WHERE %(model_name)s::text IS NULL OR model_name = %(model_name)s
ORDER BY id;
