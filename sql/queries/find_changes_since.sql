-- Changes of champion of all models from a time on.
-- Parameters: since timestamptz
-- Returns:    rows of model_deployment_history, oldest first
SELECT * FROM model_deployment_history WHERE deployed_at >= %(since)s ORDER BY id;
