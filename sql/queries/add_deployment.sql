-- Put a change of champion into the deployment history, not before the last one: its process may have another clock.
-- Parameters: columns of model_deployment_history but for id
-- Returns:    the row
INSERT INTO model_deployment_history (
    model_name, from_version, to_version, event_id, deployed_by, reason, deployed_at, kind, run_id, key)
VALUES (
    %(model_name)s, %(from_version)s, %(to_version)s, %(event_id)s, %(deployed_by)s, %(reason)s,
    greatest(%(deployed_at)s, (
        SELECT max(deployed_at) FROM model_deployment_history WHERE model_name = %(model_name)s)),
    %(kind)s, %(run_id)s, %(key)s)
RETURNING *;
