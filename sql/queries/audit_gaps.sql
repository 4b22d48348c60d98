-- What is missing in the records of a period: decisions whose event never closed, runs that could not look at a model,
-- analyses that nothing was decided on, versions in production whose data is not on record, a change of champion that
-- downstream was not told.
-- Parameters: since timestamptz, until timestamptz (excluded), model_name text (NULL for all models)
-- Returns:    at, model_name, kind (open_event, not_analyzed, no_decision, data_unknown, not_announced), run_id,
--             event_id, what
SELECT * FROM (
    SELECT triggered_at AS at, model_name, 'open_event' AS kind, run_id, id AS event_id,
           concat('event ', id, ' is still ', status) AS what
    FROM model_retraining_events
    WHERE status IN ('decided', 'executing')
    UNION ALL
    SELECT f.failed_at, f.model_name, 'not_analyzed', f.run_id, NULL,
           concat('the run could not look: ', f.error_type, ': ', f.error)
    FROM retraining_failures f
    WHERE f.step IN ('choose', 'analyze')
      AND NOT EXISTS (SELECT FROM retraining_runs r WHERE r.model_name = f.model_name AND r.run_id = f.run_id)
      AND NOT EXISTS (  -- the last try tells for all
        SELECT FROM retraining_failures later
        WHERE later.run_id = f.run_id AND later.model_name = f.model_name AND later.step = f.step
          AND (later.failed_at, later.id) > (f.failed_at, f.id))
    UNION ALL
    SELECT r.analyzed_at, r.model_name, 'no_decision', r.run_id, NULL, 'the run looked, but decided nothing'
    FROM retraining_runs r
    WHERE NOT EXISTS (
        SELECT FROM retraining_decisions d WHERE d.model_name = r.model_name AND d.run_id = r.run_id)
    UNION ALL
    SELECT execution_completed_at, model_name, 'data_unknown', run_id, id,
           concat('v', version, ' was promoted, and no hash of its training data is on record')
    FROM model_retraining_events
    WHERE status = 'promoted' AND training_data_hash IS NULL
    UNION ALL
    SELECT d.deployed_at, d.model_name, 'not_announced', d.run_id, d.event_id,
           concat('downstream has not been told that v', d.to_version, ' is champion')
    FROM model_deployment_history d
    WHERE d.id = (SELECT max(l.id) FROM model_deployment_history l WHERE l.model_name = d.model_name)
      AND NOT EXISTS (SELECT FROM champion_announcements t WHERE t.change_id = d.id)
) gaps
WHERE at >= %(since)s AND at < %(until)s AND (%(model_name)s::text IS NULL OR model_name = %(model_name)s)
ORDER BY at, model_name COLLATE "C", kind, run_id COLLATE "C";
