-- When models were checked by schedule last, and whether something waits for the next run: a request, a change of
-- champion that downstream was not told of, a retrain of that check that is open, or was lost.
-- Parameters: model_names text[], before timestamptz, kinds text[] (who asks for such a run)
-- Returns:    model_name, last timestamptz, waits; one row for each of them that was
SELECT asked.model_name, run.as_of AS last,
       EXISTS (SELECT FROM retraining_requests r WHERE r.model_name = asked.model_name AND r.run_id IS NULL)
       OR EXISTS (
           SELECT FROM model_retraining_events e
           WHERE e.model_name = asked.model_name AND e.as_of >= run.as_of
             AND e.status IN ('decided', 'executing', 'failed', 'abandoned'))
       OR EXISTS (
           SELECT FROM (
               SELECT h.id FROM model_deployment_history h
               WHERE h.model_name = asked.model_name ORDER BY h.id DESC LIMIT 1
           ) changed
           WHERE NOT EXISTS (SELECT FROM champion_announcements told WHERE told.change_id = changed.id)) AS waits
FROM unnest(%(model_names)s::text[]) AS asked (model_name)
CROSS JOIN LATERAL (
    SELECT r.as_of FROM retraining_runs r
    WHERE r.model_name = asked.model_name AND r.as_of < %(before)s AND r.requested_by = ANY(%(kinds)s::text[])
    ORDER BY r.as_of DESC LIMIT 1
) run;
