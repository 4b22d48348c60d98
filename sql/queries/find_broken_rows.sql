-- Audited rows that are not as the last entry about them in the audit chain says.
-- It asks no function of the schema, which whoever alters rows could alter, too.
-- Parameters: model_name text (NULL for all models), most integer
-- Returns:    model_name, number (of that entry; NULL for none), what, key, state, kind (changed, deleted, inserted),
--             by model, number and key
WITH found AS (
    SELECT d.model_name, 'decision' AS what, d.run_id AS key, (to_jsonb(d) - 'report_path') || coalesce((
               SELECT jsonb_object_agg('run.' || part.key, part.value)
               FROM retraining_runs r, jsonb_each(to_jsonb(r)) AS part
               WHERE r.model_name = d.model_name AND r.run_id = d.run_id), '{}') AS content
    FROM retraining_decisions d
    WHERE %(model_name)s::text IS NULL OR d.model_name = %(model_name)s
    UNION ALL
    SELECT e.model_name, 'event', e.id::text, to_jsonb(e) FROM model_retraining_events e
    WHERE %(model_name)s::text IS NULL OR e.model_name = %(model_name)s
    UNION ALL
    SELECT v.model_name, 'version', v.version::text, to_jsonb(v) FROM model_version_management v
    WHERE %(model_name)s::text IS NULL OR v.model_name = %(model_name)s
    UNION ALL
    SELECT h.model_name, 'champion', h.id::text, to_jsonb(h) FROM model_deployment_history h
    WHERE %(model_name)s::text IS NULL OR h.model_name = %(model_name)s
), last AS (
    SELECT DISTINCT ON (c.model_name, c.what, c.key)
        c.model_name, c.what, c.key, c.number, c.state, c.content_hash, n.columns
    FROM audit_chain c
    LEFT JOIN audit_chain_columns n ON n.id = c.columns_id
    WHERE %(model_name)s::text IS NULL OR c.model_name = %(model_name)s
    ORDER BY c.model_name, c.what, c.key, c.number DESC
)
SELECT model_name, last.number, what, key, coalesce(last.state, '') AS state,
       CASE WHEN last.number IS NULL THEN 'inserted' WHEN found.content IS NULL THEN 'deleted'
            ELSE 'changed' END AS kind
FROM last
FULL JOIN found USING (model_name, what, key)
WHERE last.number IS NULL OR found.content IS NULL OR last.content_hash IS DISTINCT FROM sha256(convert_to((
      SELECT jsonb_object_agg(name, found.content -> name) FROM unnest(last.columns) AS name)::text, 'UTF8'))
ORDER BY model_name COLLATE "C", last.number NULLS LAST, what, key COLLATE "C"
LIMIT %(most)s;
