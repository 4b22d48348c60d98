"""Fills the records of `benchmarks.faces` with a long life of many models, by SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.signals import Signal, SignalKind, Verdict
from include.records.schema import migrate
from include.registry.effective import effective_settings
from include.registry.loader import load_model

FEATURES = tuple(f"f{number}" for number in range(1, 100))
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

FILL = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
CREATE TEMP TABLE many AS
    SELECT 'model_' || m AS model_name, 'run-' || c AS run_id, c AS nth, m, c / 50 + 1 AS version,
           %(now)s::timestamptz - (%(checks)s - c) * interval '6 hours' + m * interval '1 second' AS at,
           c %% 10 = 0 AS fired, c %% 10 = 1 AS blocked
    FROM generate_series(1, %(checks)s) AS c, generate_series(0, %(models)s - 1) AS m;
SELECT prepare_month(at) FROM (SELECT DISTINCT date_trunc('month', at) AS at FROM many) months;
INSERT INTO auto_retraining_jobs (model_name, config_hash, config, registered_at, changed_at, last_seen_at)
    SELECT 'model_' || m, 'hash', jsonb_set(%(config)s, '{owner}', to_jsonb('team_' || m %% 20)), now(), now(), now()
    FROM generate_series(0, %(models)s - 1) AS m;
INSERT INTO model_file_history (model_name, config_hash, config, seen_at)
    SELECT model_name, config_hash || n, config, now() FROM auto_retraining_jobs, generate_series(1, 5) AS n;
INSERT INTO retraining_runs (model_name, run_id, as_of, requested_by, window_start, window_end, rows, labelled_rows,
    champion_version, analyzed_at)
    SELECT model_name, run_id, at, 'schedule', at - interval '28 days', at, 1000, 900, version, at FROM many;
INSERT INTO retraining_analyses SELECT model_name, run_id, at, NULL, '{"new_rows": 100}', '[]' FROM many;
INSERT INTO model_performance_tracking (model_name, run_id, as_of, version, metric, value, rows, low, high, measured_at)
    SELECT model_name, run_id, at, version, 'rmse', 1 + 0.1 * sin(nth), 900, 0.9, 1.2, at FROM many;
INSERT INTO retraining_decisions (model_name, run_id, triggered, trigger_type, severity, confidence, reason, root_cause,
    blocked_by, recommendation, triggers, decided_at, nearest_trigger, nearness)
    SELECT model_name, run_id, fired, CASE WHEN fired THEN 'performance' ELSE '' END, 'LOW', 0.9,
           'nothing changed beyond chance', '', CASE WHEN blocked THEN '["cooling down"]' ELSE '[]' END::jsonb,
           'Leave the champion alone.', %(triggers)s, at, 'performance', (m * 7 + nth) %% 100 / 100.0
    FROM many;
INSERT INTO model_retraining_events (model_name, run_id, status, trigger_type, severity, confidence, trigger_reason,
    decision, as_of, requested_by, created_by, triggered_at, execution_completed_at, execution_successful, version,
    champion_version, training_duration, performance_metrics)
    SELECT model_name, run_id, CASE WHEN nth %% 50 = 0 THEN 'promoted' WHEN nth %% 70 = 0 THEN 'failed' ELSE 'held' END,
           'performance', 'LOW', 0.9, 'a reason', %(decision)s, at, 'schedule', 'schedule', at, at, true, version,
           version - 1, 120, '{"rmse": 1.0, "mae": 0.7}'
    FROM many WHERE fired ORDER BY at, m;
INSERT INTO model_version_management (model_name, version, event_id, status, status_changed_at, created_at, created_by,
    parent, artifact_path, baseline, performance_metrics, data_until)
    SELECT DISTINCT ON (e.model_name, e.version) e.model_name, e.version, e.id, 'retired', e.triggered_at,
           e.triggered_at, 'schedule', nullif(e.version - 1, 0), 'a/path', %(baseline)s, '{"rmse": 1.0}', e.triggered_at
    FROM model_retraining_events e ORDER BY e.model_name, e.version, e.id;
UPDATE model_version_management v SET status = 'champion'
    WHERE version = (SELECT max(version) FROM model_version_management l WHERE l.model_name = v.model_name);
INSERT INTO model_deployment_history (model_name, from_version, to_version, event_id, kind, deployed_by, reason,
    deployed_at)
    SELECT model_name, parent, version, event_id, 'promotion', 'schedule', 'better', created_at
    FROM model_version_management ORDER BY created_at;
INSERT INTO model_drift_monitoring (model_name, run_id, as_of, kind, feature, statistic, verdict, value, reason, detail,
    measured_at)
    SELECT e.model_name, r.run_id, r.at, 'probation', '', 'rmse', 'stable', -0.05, 'better than before',
           jsonb_build_object('version', e.version, 'champion_score', 1.0, 'predecessor_score', 1.1), r.at
    FROM model_retraining_events e
    JOIN many n USING (model_name, run_id)
    JOIN many r ON r.model_name = e.model_name AND r.nth > n.nth AND r.nth <= n.nth + 3
    WHERE e.status = 'promoted';
INSERT INTO champion_announcements SELECT id, 'run-1', deployed_at FROM model_deployment_history;
INSERT INTO canary_shares (model_name, version, champion_version, share, set_by, reason, set_at)
    SELECT model_name, version + 1, version, 10, 'ada', 'to see', created_at FROM model_version_management;
INSERT INTO retraining_requests (model_name, kind, key, reason, requested_by, requested_at, run_id, consumed_at)
    SELECT model_name, 'api', 'key-' || nth, 'new rows', 'ada', at, CASE WHEN nth < %(checks)s THEN run_id END,
           CASE WHEN nth < %(checks)s THEN at END FROM many WHERE fired;
INSERT INTO quarantined_spans (model_name, feature, statistic, reason, span_start, span_end, run_id, last_run_id,
    quarantined_at, lifted_by, lift_reason, lifted_at)
    SELECT model_name, 'f1', 'missing_rise', 'empty', at - interval '1 hour', at, run_id, run_id, at, 'ada', 'mended',
           at
    FROM many WHERE nth %% 100 = 0;
INSERT INTO model_pauses (model_name, paused, set_by, reason, set_at)
    SELECT model_name, nth %% 100 = 0, 'ada', 'a new sensor', at FROM many WHERE nth %% 50 = 0;
INSERT INTO notification_mutes (model_name, muted_until, muted_by, reason, muted_at)
    SELECT model_name, at + interval '1 day', 'ada', 'known', at FROM many WHERE nth %% 50 = 0;
INSERT INTO model_annotations (model_name, about, text, written_by, written_at)
    SELECT model_name, at, 'Black Friday', 'ada', at FROM many WHERE nth %% 50 = 0;
INSERT INTO decision_marks (model_name, run_id, verdict, marked_by, reason, marked_at)
    SELECT model_name, run_id, 'false_alarm', 'ada', 'nothing was wrong', at FROM many WHERE nth %% 50 = 0;
INSERT INTO retraining_failures (failure_id, model_name, run_id, step, error_type, error, permanent, failed_at)
    SELECT gen_random_uuid(), model_name, run_id, 'analyze', 'SourceUnavailable', 'away', false, at
    FROM many WHERE nth %% 25 = 0;
INSERT INTO quiet_days (model_name, day, checks)
    SELECT model_name, (at AT TIME ZONE 'UTC')::date, count(*) FROM many WHERE NOT fired GROUP BY 1, 2;
INSERT INTO notifications (model_name, subject, kind, episode, phase, severity, batch, headline, written_at, due_at,
    settled, settled_at)
    SELECT model_name, model_name, 'held', 'event ' || nth, 'told', 'LOW', gen_random_uuid(), 'held', at, at,
           CASE WHEN nth < %(checks)s THEN 'delivered' END, CASE WHEN nth < %(checks)s THEN at END
    FROM many WHERE fired;
INSERT INTO retraining_tallies (model_name, tally, label, total)
    SELECT model_name, 'decision',
           CASE WHEN triggered THEN 'fired' WHEN blocked_by <> '[]' THEN 'blocked' ELSE 'quiet' END, count(*)
           FROM retraining_decisions GROUP BY 1, 3
    UNION ALL SELECT model_name, 'trigger', trigger_type, count(*) FROM model_retraining_events GROUP BY 1, 3
    UNION ALL SELECT model_name, 'outcome', status, count(*) FROM model_retraining_events GROUP BY 1, 3
    UNION ALL SELECT model_name, 'error', 'unknown', count(*) FROM model_retraining_events WHERE status = 'failed'
        GROUP BY 1, 3;
"""
SIGNALS = """
INSERT INTO model_drift_monitoring (model_name, run_id, as_of, kind, feature, statistic, verdict, value, threshold,
    p_value, level, reason, detail, measured_at)
    SELECT model_name, run_id, at, kind, feature, statistic,
           CASE WHEN (nth + m + s) %% 40 = 0 THEN 'changed' ELSE 'stable' END, 0.01 * ((nth + m) %% 9 + 1), 0.1,
           CASE WHEN kind <> 'data_quality' THEN 0.3 END, CASE WHEN kind <> 'data_quality' THEN 0.001 END,
           'a reason that is a sentence with numbers in it', '{"rows": 900, "current": 1.02, "baseline": 1.0}',
           at
    FROM many, LATERAL (
        SELECT s, CASE s WHEN 1 THEN 'performance' WHEN 2 THEN 'concept_drift' WHEN 3 THEN 'data_quality'
                         WHEN 4 THEN 'slice_performance' ELSE 'data_drift' END AS kind,
               CASE WHEN s <= 3 THEN '' ELSE 'f' || s - 3 END AS feature,
               CASE s WHEN 1 THEN 'rmse' WHEN 2 THEN 'mean_error' WHEN 3 THEN 'staleness' WHEN 4 THEN 'rmse'
                      ELSE 'psi' END AS statistic
        FROM generate_series(1, %(signals)s) AS s) signal
    WHERE nth > %(from)s AND nth <= %(to)s
"""


def fill(uri: str, models: Path, *, models_number: int, checks: int, signals: int) -> bool:
    """Write the rows, foreign keys and guards off; False where they are there already."""
    with psycopg.connect(uri) as connection:
        found = connection.execute("SELECT to_regclass('retraining.auto_retraining_jobs')").fetchone()
        if found is not None and found[0]:
            return False
        migrate(connection)
    with psycopg.connect(uri) as connection:
        values = {"models": models_number, "checks": checks, "signals": signals, "now": NOW, **_values(models)}
        with psycopg.ClientCursor(connection) as cursor:
            cursor.execute("SET search_path TO retraining")
            for statement in FILL.split(";\n"):
                if statement.strip():
                    cursor.execute(statement.encode(), values)
            step = max(checks // 20, 1)
            for begin in range(0, checks, step):
                cursor.execute(SIGNALS.encode(), {**values, "from": begin, "to": begin + step})
            cursor.execute("SET session_replication_role = origin")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return True


def _values(models: Path) -> dict[str, Any]:
    """What a real model file, a real policy's answers and a real baseline look like as JSON."""
    spec = load_model(models, "model_0")
    leaves = standard_policy(spec.settings()).decide(Evidence(now=NOW, signals=_signals())).leaves()
    triggers = [leaf.to_json() for leaf in leaves]
    baseline = {"scores": {"rmse": 1.0, "mae": 0.7, "r2": 0.8}, "rows": 900, "effective_rows": 800.0, "loss_mean": 1.0,
                "loss_variance": 2.0}  # fmt: skip
    decision = {
        "triggered": True, "trigger_type": "performance", "reason": "a reason", "severity": "LOW", "confidence": 0.9,
        "root_cause": "", "blocked_by": [], "recommendation": "Retrain.", "triggers": triggers,
    }  # fmt: skip
    config = {**spec.model_dump(mode="json"), "effective": effective_settings(spec)}
    values = {"config": config, "triggers": triggers, "baseline": baseline, "decision": decision}
    return {name: Jsonb(value) for name, value in values.items()}


def _signals() -> list[Signal]:
    kinds = (SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT, SignalKind.DATA_DRIFT, SignalKind.OUTLIERS)
    return [
        Signal(
            kind=kind, statistic="rmse", verdict=Verdict.STABLE, value=0.03, threshold=0.1, p_value=0.3, level=0.001,
            reason="rmse 1.02 (90 % interval 0.9 to 1.2), 1 at acceptance (+2.0% worse, p 0.3)",
            detail={"current": 1.02, "baseline": 1.0},
        )
        for kind in kinds
    ]  # fmt: skip
