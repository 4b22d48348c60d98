-- What the decisions of a period came to, for each model and trigger; no dry runs.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    model_name, trigger (empty for none), checks, retrains, promotions, holds, rejections, failures,
--             false_alarms, hours, cost, expected_gain, gain and loss_cut; see retraining_ledger. Runs that could not
--             look at the model are failures without a trigger
WITH fired AS (
    SELECT model_name, trigger, count(*) AS checks, count(*) AS retrains,
           count(*) FILTER (WHERE status = 'promoted') AS promotions, count(*) FILTER (WHERE status = 'held') AS holds,
           count(*) FILTER (WHERE status = 'rejected') AS rejections,
           count(*) FILTER (WHERE status IN ('failed', 'abandoned')) AS failures,
           count(*) FILTER (WHERE false_alarm) AS false_alarms, sum(hours) AS hours, sum(cost) AS cost,
           sum(expected_gain) AS expected_gain, sum(gain) AS gain, avg(loss_cut) AS loss_cut
    FROM retraining_ledger
    WHERE triggered AND decided_at >= %(since)s AND decided_at < %(until)s
      AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
    GROUP BY model_name, trigger
), quiet AS (  -- nine in ten, which have no event: they are counted in the index, where the ledger would join each
    SELECT d.model_name, '' AS trigger, count(*) AS checks
    FROM retraining_decisions d
    WHERE NOT d.triggered AND d.decided_at >= %(since)s AND d.decided_at < %(until)s
      AND (%(model_name)s::text IS NULL OR d.model_name = %(model_name)s)
      AND NOT EXISTS (
          SELECT FROM retraining_runs r WHERE r.model_name = d.model_name AND r.run_id = d.run_id AND r.dry_run)
    GROUP BY d.model_name
), blind AS (
    SELECT f.model_name, '' AS trigger, count(DISTINCT f.run_id) AS failures
    FROM retraining_failures f
    WHERE f.failed_at >= %(since)s AND f.failed_at < %(until)s AND f.step IN ('choose', 'analyze')
      AND (%(model_name)s::text IS NULL OR f.model_name = %(model_name)s)
      AND NOT EXISTS (SELECT FROM retraining_runs r WHERE r.model_name = f.model_name AND r.run_id = f.run_id)
    GROUP BY f.model_name
)
SELECT model_name, trigger, coalesce(c.checks, 0) + coalesce(q.checks, 0) AS checks,
       coalesce(c.retrains, 0) AS retrains, coalesce(c.promotions, 0) AS promotions, coalesce(c.holds, 0) AS holds,
       coalesce(c.rejections, 0) AS rejections, coalesce(c.failures, 0) + coalesce(u.failures, 0) AS failures,
       coalesce(c.false_alarms, 0) AS false_alarms, coalesce(c.hours, 0) AS hours, c.cost, c.expected_gain, c.gain,
       c.loss_cut
FROM fired c
FULL JOIN quiet q USING (model_name, trigger)
FULL JOIN blind u USING (model_name, trigger)
ORDER BY model_name COLLATE "C", trigger COLLATE "C";
