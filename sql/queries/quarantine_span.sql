-- Quarantine a span of a model's rows; one that overlaps or continues a kept one of the same fault makes that longer.
-- Parameters: the columns of quarantined_spans but for its id and its lifting
-- Returns:    nothing
WITH grown AS (
    UPDATE quarantined_spans SET
        span_start = least(span_start, %(span_start)s),
        span_end = greatest(span_end, %(span_end)s),
        reason = %(reason)s,
        last_run_id = %(last_run_id)s,
        champion_version = %(champion_version)s
    WHERE id = (
        SELECT id FROM quarantined_spans
        WHERE model_name = %(model_name)s AND feature = %(feature)s AND statistic = %(statistic)s
          AND lifted_at IS NULL
          AND ((span_start IS NULL AND %(span_start)s::timestamptz IS NULL)
               OR (span_start <= %(span_end)s AND span_end >= %(span_start)s))
        ORDER BY id
        LIMIT 1
    ) AND lifted_at IS NULL
    RETURNING id
)
INSERT INTO quarantined_spans (
    model_name, feature, statistic, reason, span_start, span_end, run_id, last_run_id, champion_version, quarantined_at)
SELECT %(model_name)s, %(feature)s, %(statistic)s, %(reason)s, %(span_start)s::timestamptz, %(span_end)s::timestamptz,
       %(run_id)s, %(last_run_id)s, %(champion_version)s::integer, %(quarantined_at)s::timestamptz
WHERE NOT EXISTS (SELECT FROM grown);
