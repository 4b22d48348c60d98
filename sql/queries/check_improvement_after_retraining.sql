-- What retraining gained, in percent of the champion's metric; positive is better.
-- Parameters: none
-- Returns:    triggered_at, improvement_r2_percent, improvement_rmse_percent, improvement_accuracy_percent
SELECT
    triggered_at,
    improvement_r2_percent,
    improvement_rmse_percent,
    improvement_accuracy_percent
FROM model_retraining_events
WHERE execution_successful = TRUE
ORDER BY triggered_at DESC;
