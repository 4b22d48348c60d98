-- Write down a remark about a moment in the life of a model.
-- Parameters: model_name text, about timestamptz, text text, written_by text, written_at timestamptz
-- Returns:    the row of model_annotations
INSERT INTO model_annotations (model_name, about, text, written_by, written_at)
VALUES (%(model_name)s, %(about)s, %(text)s, %(written_by)s, %(written_at)s)
RETURNING *;
