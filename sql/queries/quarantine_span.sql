-- Quarantine a span of a model's rows; one that overlaps or continues a kept one of the same fault makes that longer.
-- What the run of the latest date says of it stays: a run of a past date makes it longer and no more.
-- Parameters: the columns of quarantined_spans but for its id and its lifting, as_of of the run
-- Returns:    nothing
WITH grown AS (
    UPDATE quarantined_spans AS kept SET
        span_start = least(kept.span_start, %(span_start)s),
        span_end = greatest(kept.span_end, %(span_end)s),
        reason = CASE WHEN found.later THEN %(reason)s ELSE kept.reason END,
        last_run_id = CASE WHEN found.later THEN %(last_run_id)s ELSE kept.last_run_id END,
        champion_version = CASE WHEN found.later THEN %(champion_version)s ELSE kept.champion_version END
    FROM (
        SELECT s.id, r.as_of <= %(as_of)s AS later
        FROM quarantined_spans s JOIN retraining_runs r ON (r.model_name, r.run_id) = (s.model_name, s.last_run_id)
        WHERE s.model_name = %(model_name)s AND s.feature = %(feature)s AND s.statistic = %(statistic)s
          AND s.lifted_at IS NULL
          AND ((s.span_start IS NULL AND %(span_start)s::timestamptz IS NULL)
               OR (s.span_start <= %(span_end)s AND s.span_end >= %(span_start)s))
        ORDER BY s.id
        LIMIT 1
    ) AS found
    WHERE kept.id = found.id AND kept.lifted_at IS NULL
    RETURNING kept.id
)
INSERT INTO quarantined_spans (
    model_name, feature, statistic, reason, span_start, span_end, run_id, last_run_id, champion_version, quarantined_at)
SELECT %(model_name)s, %(feature)s, %(statistic)s, %(reason)s, %(span_start)s::timestamptz, %(span_end)s::timestamptz,
       %(run_id)s, %(last_run_id)s, %(champion_version)s::integer, %(quarantined_at)s::timestamptz
WHERE NOT EXISTS (SELECT FROM grown);
