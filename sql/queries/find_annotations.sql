-- Remarks about a model.
-- Parameters: model_name text
-- Returns:    rows of model_annotations, in order of the moments that they are about
SELECT * FROM model_annotations WHERE model_name = %(model_name)s ORDER BY about, id;
