-- All changes of a model's champion.
-- Parameters: model_name text
-- Returns:    rows of model_deployment_history, oldest first
SELECT * FROM model_deployment_history WHERE model_name = %(model_name)s ORDER BY id;
