-- What the decisions of a period came to, for each model and trigger; no dry runs. The same as retraining_ledger tells,
-- row by row, but that all rows of a period are read at once, and whole days of quiet ones as their number.
-- Parameters: since timestamptz, until timestamptz (excluded), first_day date, last_day date (excluded): the whole days
--             (UTC) of the period, model_name text (NULL for all models)
-- Returns:    model_name, trigger (empty for none), checks, retrains, promotions, holds, rejections, failures,
--             false_alarms, hours, cost, expected_gain, gain and loss_cut; see retraining_ledger. Runs that could not
--             look at the model are failures without a trigger
WITH event AS MATERIALIZED (
    SELECT e.model_name, e.run_id, e.trigger_type, e.status, e.version, e.as_of, e.training_duration,
           e.execution_attempted
    FROM model_retraining_events e
    WHERE NOT e.dry_run AND e.triggered_at >= %(since)s AND e.triggered_at < %(until)s
      AND (%(model_name)s::text IS NULL OR e.model_name = %(model_name)s)
), priced AS MATERIALIZED (
    SELECT d.model_name, d.run_id, d.training_cost, d.expected_gain
    FROM retraining_decisions d
    WHERE d.triggered AND d.decided_at >= %(since)s AND d.decided_at < %(until)s
      AND (%(model_name)s::text IS NULL OR d.model_name = %(model_name)s)
      AND (d.training_cost IS NOT NULL OR d.expected_gain IS NOT NULL)
), marked AS MATERIALIZED (
    SELECT DISTINCT ON (m.model_name, m.run_id) m.model_name, m.run_id, m.verdict
    FROM decision_marks m
    WHERE m.marked_at >= %(since)s::timestamptz - interval '1 day'  -- as in find_marks
      AND (%(model_name)s::text IS NULL OR m.model_name = %(model_name)s)
    ORDER BY m.model_name, m.run_id, m.id DESC
), probed AS MATERIALIZED (
    SELECT s.model_name, s.as_of, s.value, s.detail, (s.detail ->> 'version')::double precision AS version
    FROM model_drift_monitoring s
    WHERE s.kind = 'probation' AND s.verdict IN ('stable', 'changed')
      AND s.as_of >= (SELECT min(as_of) FROM event WHERE status = 'promoted')
      AND (%(model_name)s::text IS NULL OR s.model_name = %(model_name)s)
), look AS MATERIALIZED (  -- the last one of the probation of each promotion
    SELECT DISTINCT ON (e.model_name, e.run_id) e.model_name, e.run_id, s.value, s.detail
    FROM event e
    JOIN probed s ON s.model_name = e.model_name AND s.version = e.version::double precision AND s.as_of >= e.as_of
    WHERE e.status = 'promoted'
    ORDER BY e.model_name, e.run_id, s.as_of DESC
), gained AS MATERIALIZED (
    SELECT l.model_name, l.run_id, -l.value AS loss_cut,
           gain_of_look(l.value, l.detail, j.worth_of_loss, r.rows, r.window_start, r.window_end) AS gain
    FROM look l
    JOIN retraining_runs r USING (model_name, run_id)
    LEFT JOIN auto_retraining_jobs j USING (model_name)
), fired AS (
    SELECT e.model_name, e.trigger_type AS trigger, count(*) AS retrains,
           count(*) FILTER (WHERE e.status = 'promoted') AS promotions,
           count(*) FILTER (WHERE e.status = 'held') AS holds,
           count(*) FILTER (WHERE e.status = 'rejected') AS rejections,
           count(*) FILTER (WHERE e.status IN ('failed', 'abandoned')) AS failures,
           count(*) FILTER (WHERE m.verdict = 'false_alarm') AS false_alarms,
           sum(coalesce(e.training_duration, 0) / 3600) AS hours,
           sum(p.training_cost) FILTER (WHERE e.execution_attempted) AS cost,
           sum(p.expected_gain) FILTER (WHERE e.status = 'promoted') AS expected_gain,
           sum(l.gain) AS gain, avg(l.loss_cut) AS loss_cut
    FROM event e
    LEFT JOIN priced p USING (model_name, run_id)
    LEFT JOIN marked m USING (model_name, run_id)
    LEFT JOIN gained l USING (model_name, run_id)
    GROUP BY e.model_name, e.trigger_type
), quiet AS (
    SELECT model_name, '' AS trigger, sum(checks)::bigint AS checks
    FROM (
        SELECT q.model_name, q.checks FROM quiet_days q
        WHERE q.day >= %(first_day)s AND q.day < %(last_day)s
          AND (%(model_name)s::text IS NULL OR q.model_name = %(model_name)s)
        UNION ALL
        SELECT d.model_name, 1
        FROM retraining_decisions d
        WHERE NOT d.triggered AND d.decided_at >= %(since)s
          AND d.decided_at < least(%(first_day)s::date AT TIME ZONE 'UTC', %(until)s)
          AND (%(model_name)s::text IS NULL OR d.model_name = %(model_name)s)
          AND NOT EXISTS (
              SELECT FROM retraining_runs r WHERE r.model_name = d.model_name AND r.run_id = d.run_id AND r.dry_run)
        UNION ALL
        SELECT d.model_name, 1
        FROM retraining_decisions d
        WHERE NOT d.triggered AND d.decided_at < %(until)s
          AND d.decided_at >= greatest(%(last_day)s::date AT TIME ZONE 'UTC', %(since)s)
          AND (%(model_name)s::text IS NULL OR d.model_name = %(model_name)s)
          AND NOT EXISTS (
              SELECT FROM retraining_runs r WHERE r.model_name = d.model_name AND r.run_id = d.run_id AND r.dry_run)
    ) counted
    GROUP BY model_name
), blind AS (
    SELECT f.model_name, '' AS trigger, count(DISTINCT f.run_id) AS failures
    FROM retraining_failures f
    WHERE f.failed_at >= %(since)s AND f.failed_at < %(until)s AND f.step IN ('choose', 'analyze')
      AND (%(model_name)s::text IS NULL OR f.model_name = %(model_name)s)
      AND NOT EXISTS (SELECT FROM retraining_runs r WHERE r.model_name = f.model_name AND r.run_id = f.run_id)
    GROUP BY f.model_name
)
SELECT model_name, trigger, coalesce(c.retrains, 0) + coalesce(q.checks, 0) AS checks,
       coalesce(c.retrains, 0) AS retrains, coalesce(c.promotions, 0) AS promotions, coalesce(c.holds, 0) AS holds,
       coalesce(c.rejections, 0) AS rejections, coalesce(c.failures, 0) + coalesce(u.failures, 0) AS failures,
       coalesce(c.false_alarms, 0) AS false_alarms, coalesce(c.hours, 0) AS hours, c.cost, c.expected_gain, c.gain,
       c.loss_cut
FROM fired c
FULL JOIN quiet q USING (model_name, trigger)
FULL JOIN blind u USING (model_name, trigger)
ORDER BY model_name COLLATE "C", trigger COLLATE "C";
