-- What is or was in quarantine, those lifted included, of a model or of all; before one of them, or from the newest on.
-- Parameters: model_name text (NULL for all), before_id bigint (NULL for the newest), most bigint
-- Returns:    rows of quarantined_spans, newest first
SELECT * FROM quarantined_spans
WHERE (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
  AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s)
ORDER BY id DESC LIMIT %(most)s;
