-- Which of these models have a last change of champion that no run has told downstream of.
-- Parameters: model_names text[]
-- Returns:    model_name
SELECT last.model_name
FROM unnest(%(model_names)s::text[]) AS asked (model_name)
CROSS JOIN LATERAL (
    SELECT h.id, h.model_name FROM model_deployment_history h
    WHERE h.model_name = asked.model_name ORDER BY h.id DESC LIMIT 1
) last
WHERE NOT EXISTS (SELECT FROM champion_announcements told WHERE told.change_id = last.id);
