-- A rollback by the key that it was requested with.
-- Parameters: model_name text, key text
-- Returns:    at most one row of model_deployment_history
SELECT * FROM model_deployment_history WHERE model_name = %(model_name)s AND key = %(key)s;
