-- The events of the last seven days, newest first.
-- Parameters: none
-- Returns:    triggered_at, severity, trigger_type, execution_successful, improvement_r2_percent
SELECT
    triggered_at,
    severity,
    trigger_type,
    execution_successful,
    improvement_r2_percent
FROM model_retraining_events
WHERE triggered_at > NOW() - INTERVAL '7 days'
ORDER BY triggered_at DESC;
