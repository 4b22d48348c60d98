-- How many decisions and events of each kind there have been.
-- Parameters: none
-- Returns:    model_name, tally, label, total; in that order
SELECT model_name, tally, label, total
FROM retraining_tallies
ORDER BY model_name COLLATE "C", tally, label COLLATE "C";
