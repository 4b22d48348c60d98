-- Family tree of every model, for people; nothing in the program reads it.

CREATE VIEW model_lineage AS
SELECT
    v.model_name,
    v.version,
    v.status,
    v.parent AS parent_version,
    ARRAY(SELECT c.version FROM model_version_management c
          WHERE c.model_name = v.model_name AND c.parent = v.version ORDER BY c.version) AS children_versions,
    v.created_at,
    v.status_changed_at AS last_updated,
    (SELECT count(*) FROM model_version_management p
     WHERE p.model_name = v.model_name AND p.version <= v.version) AS total_retraining_count,
    v.performance_metrics,
    v.event_id,
    e.retraining_id,
    e.trigger_type,
    e.trigger_reason,
    d.deployed_at,
    d.deployed_by
FROM model_version_management v
JOIN model_retraining_events e ON e.id = v.event_id
LEFT JOIN model_deployment_history d ON d.event_id = v.event_id;
COMMENT ON VIEW model_lineage IS
    'One version with its parent, its children, why it was trained and when it was deployed.';
