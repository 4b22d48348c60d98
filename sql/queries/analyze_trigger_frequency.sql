-- How often each trigger fired, and in what share of cases the retraining ran to a verdict (in percent).
-- Parameters: none
-- Returns:    trigger_type, frequency, success_rate (NULL where nothing was executed)
SELECT
    trigger_type,
    COUNT(*) AS frequency,
    AVG(CAST(execution_successful AS INT)) * 100 AS success_rate
FROM model_retraining_events
GROUP BY trigger_type;
