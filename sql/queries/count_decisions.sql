-- How many decisions there are in a list, counted up to a limit.
-- Parameters: model_name text (NULL for all models), since timestamptz and until timestamptz (excluded; NULL for no
--             end), answered text (fired, blocked, quiet; empty for all), most integer
-- Returns:    one row: number bigint
SELECT count(*) AS number FROM (
    SELECT FROM retraining_decisions
    WHERE (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
      AND (%(since)s::timestamptz IS NULL OR decided_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR decided_at < %(until)s)
      AND (%(answered)s::text <> 'fired' OR triggered)
      AND (%(answered)s::text <> 'blocked' OR (NOT triggered AND blocked_by <> '[]'))
      AND (%(answered)s::text <> 'quiet' OR (NOT triggered AND blocked_by = '[]'))
    ORDER BY decided_at DESC, model_name DESC, run_id DESC
    LIMIT %(most)s
) counted;
