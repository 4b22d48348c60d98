-- What canaries a model has had, and since when.
-- Parameters: model_name text
-- Returns:    rows of canary_shares, oldest first, each with `running` (boolean): the last one, if it has not ended
SELECT c.*, m.id IS NOT NULL AS running
FROM canary_shares c
LEFT JOIN model_canaries m ON m.id = c.id
WHERE c.model_name = %(model_name)s
ORDER BY c.id;
