-- How many decisions, events and tries to deliver of each kind there have been.
-- Parameters: none
-- Returns:    tally, and as arrays model_names (empty for decisions, which are told of all models together), labels and
--             totals
SELECT tally, array_agg(model_name) AS model_names, array_agg(label) AS labels, array_agg(total) AS totals
FROM (
    SELECT tally, model_name, label, total FROM retraining_tallies WHERE tally <> 'decision'
    UNION ALL
    SELECT tally, '', label, sum(total)::bigint FROM retraining_tallies WHERE tally = 'decision' GROUP BY tally, label
    ORDER BY tally, model_name, label
) counted
GROUP BY tally
ORDER BY tally;
