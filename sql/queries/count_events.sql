-- How many events there are in a list, counted up to a limit.
-- Parameters: model_name text (NULL for all models), since timestamptz and until timestamptz (excluded; NULL for no
--             end), status text (empty for all), most integer
-- Returns:    one row: number bigint
SELECT count(*) AS number FROM (
    SELECT FROM model_retraining_events
    WHERE (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
      AND (%(since)s::timestamptz IS NULL OR triggered_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR triggered_at < %(until)s)
      AND (%(status)s::text = '' OR status = %(status)s)
    ORDER BY triggered_at DESC, id DESC
    LIMIT %(most)s
) counted;
