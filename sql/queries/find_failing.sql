-- The steps that failed in the latest runs of each model: an analysis since the last that succeeded, another step since
-- the check before the last two; what failed for all models since the last analysis of any. Whom a message did not
-- reach is known from the outbox.
-- Parameters: since timestamptz, before timestamptz (what failed or was checked from then on is of a time to come and
--             left out; NULL for all)
-- Returns:    model_name, step, runs (how many), since, last, permanent and error (of the last failure), by model and
--             step
WITH failed AS (
    SELECT * FROM retraining_failures
    WHERE failed_at >= %(since)s AND failed_at < coalesce(%(before)s::timestamptz, 'infinity') AND step <> 'notify'
), seen AS (
    SELECT m.model_name, last.analyzed_at AS last_at, third.analyzed_at AS third_at
    FROM (SELECT DISTINCT model_name FROM failed) m
    LEFT JOIN LATERAL (
        SELECT r.analyzed_at FROM retraining_runs r
        WHERE r.model_name = m.model_name AND r.as_of < coalesce(%(before)s::timestamptz, 'infinity')
        ORDER BY r.as_of DESC LIMIT 1
    ) last ON true
    LEFT JOIN LATERAL (
        SELECT r.analyzed_at FROM retraining_runs r
        WHERE r.model_name = m.model_name AND r.as_of < coalesce(%(before)s::timestamptz, 'infinity')
        ORDER BY r.as_of DESC OFFSET 2 LIMIT 1
    ) third ON true
)
SELECT f.model_name, f.step, count(DISTINCT f.run_id) AS runs, min(f.failed_at) AS since, max(f.failed_at) AS last,
       (array_agg(f.permanent ORDER BY f.failed_at DESC, f.id DESC))[1] AS permanent,
       (array_agg(concat(f.error_type, ': ', f.error) ORDER BY f.failed_at DESC, f.id DESC))[1] AS error
FROM failed f
JOIN seen USING (model_name)
WHERE f.failed_at > coalesce(
    CASE WHEN f.model_name = '' THEN (
             SELECT max(analyzed_at) FROM retraining_runs
             WHERE as_of < coalesce(%(before)s::timestamptz, 'infinity'))
         WHEN f.step = 'analyze' THEN seen.last_at ELSE seen.third_at END, '-infinity')
GROUP BY f.model_name, f.step
ORDER BY f.model_name COLLATE "C", f.step COLLATE "C";
