-- When a model was paused, and when it went on.
-- Parameters: model_name text
-- Returns:    rows of model_pauses, oldest first
SELECT * FROM model_pauses WHERE model_name = %(model_name)s ORDER BY id;
