"""Fills a records database, and shows that no query of ``sql/queries`` scans a growing table from end to end.

python -m benchmarks.query_plans [--events 1000000] [--show NAME]

A Postgres of its own, 40 models, two years of runs; each run has a decision, an event, a signal and a measurement, and
one in ten trained a version. Then Postgres says how it would run each query, about one model and about all. Ends with
an error if a plan reads a whole table that grows, but for queries that are to return or count all of its rows.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from include.records.postgres.queries import QUERIES, query
from include.records.rows.columns import JSON_COLUMNS
from include.records.schema import migrate
from tools.embedded_postgres import EmbeddedPostgres

MODELS, DAYS = 40, 730
BOUNDED = {
    "auto_retraining_jobs", "records_identity", "retraining_tallies", "schema_migrations", "audit_chain_columns",
    "audit_chain_heads", "dropped_months", "records_places",
}  # fmt: skip  # some rows a model, or a version, or a month

WHOLE_TABLE = {
    "find_all_retraining_events": "every event",
    "analyze_trigger_frequency": "a count over every event",
    "check_improvement_after_retraining": "every event that ran to a verdict",
    "find_broken_links": "every entry of the audit chain",
    "find_broken_rows": "every row that is audited",
    "find_chains": "the end of every audit chain",
    "forget_calls": "all that are old, here nearly every one",
}
"""Queries of all there is."""
ALL = {
    "find_events": "every event, where neither model nor run is named",
    "find_requests": "every request, where no model is named",
    "find_quarantines": "every quarantine, where no model is named",
}
"""Queries of all there is where they are about all models and runs."""

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
KEY = {
    "model_name": "model_7", "run_id": "run-7-400", "run_ids": ["run-7-400", "run-7-4"], "version": 3, "event_id": 4007,
    "since": NOW - timedelta(days=1), "until": NOW, "before": NOW, "at": NOW, "most": 100, "most_tries": 3,
    "as_of": NOW, "key": "key-1", "ids": [7, 47], "id": 7, "from_version": 3, "to_version": 4, "kind": "probation",
    "answered": "fired", "versions": [1, 2], "model_names": ["model_7"], "as_ofs": [NOW, NOW], "search": "", "tag": "",
    "owner": "", "at_id": 4007, "before_id": 4007, "at_model": "model_7", "at_run": "run-7-400",
    "status": "failed", "share": 10.0, "feature": "price", "statistic": "ks", "span_start": NOW, "span_end": NOW,
}  # fmt: skip

FILL = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
CREATE TEMP TABLE many AS
    SELECT n, 'model_' || n %% %(models)s AS model_name, 'run-' || n %% %(models)s || '-' || n / %(models)s AS run_id,
           n / %(models)s + 1 AS nth, n / %(models)s / 10 + 1 AS version,
           %(now)s::timestamptz - (n::double precision / %(events)s) * %(days)s * interval '1 day' AS at,
           n %% 10 = 0 AS trained
    FROM generate_series(0, %(events)s - 1) AS n;
SELECT prepare_month(at) FROM (SELECT DISTINCT date_trunc('month', at) AS at FROM many) months;
INSERT INTO auto_retraining_jobs SELECT DISTINCT model_name, 'hash', '{}'::jsonb, now(), now(), now() FROM many;
INSERT INTO retraining_runs (model_name, run_id, as_of, requested_by, window_end, rows, labelled_rows, champion_version,
    analyzed_at)
    SELECT model_name, run_id, at, 'schedule', at, 1000, 900, nullif(version - 1, 0), at FROM many;
INSERT INTO retraining_analyses SELECT model_name, run_id, at, NULL, '{}', '[]' FROM many;
INSERT INTO model_drift_monitoring (model_name, run_id, as_of, kind, feature, statistic, verdict, reason, detail,
    measured_at)
    SELECT model_name, run_id, at, CASE n %% 50 WHEN 0 THEN 'probation' WHEN 1 THEN 'shadow' ELSE 'data_drift' END,
           'price', 'ks', CASE n %% 4 WHEN 0 THEN 'changed' ELSE 'stable' END, 'a reason',
           '{"version": 1, "counted": 1}', at FROM many;
INSERT INTO model_performance_tracking (model_name, run_id, as_of, version, metric, value, rows, measured_at)
    SELECT model_name, run_id, at, version, 'rmse', 1, 900, at FROM many;
INSERT INTO retraining_decisions (model_name, run_id, triggered, trigger_type, severity, confidence, reason, root_cause,
    blocked_by, recommendation, triggers, decided_at)
    SELECT model_name, run_id, true, 'data_drift', 'HIGH', 0.9, 'a reason', 'a cause', '[]', 'retrain', '[]', at
    FROM many;
INSERT INTO model_retraining_events (model_name, run_id, status, trigger_type, severity, confidence, trigger_reason,
    decision, as_of, requested_by, created_by, triggered_at, approved_by, approved_at, execution_completed_at,
    execution_successful, version, champion_version, retraining_r2, comparison_previous_r2)
    SELECT model_name, run_id, CASE WHEN nth = 1 THEN 'decided' WHEN trained THEN 'promoted' ELSE 'held' END,
           'trigger ' || n %% 5, (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[n %% 4 + 1], 0.9, 'a reason', '{}', at,
           'schedule', 'schedule', at, CASE WHEN n %% 20 = 0 THEN 'ada' END, CASE WHEN n %% 20 = 0 THEN at END,
           CASE WHEN nth > 1 THEN at END, CASE WHEN nth > 1 THEN n %% 10 > 0 END, version, nullif(version - 1, 0),
           0.9, 0.8
    FROM many ORDER BY n;
INSERT INTO model_version_management (model_name, version, event_id, status, status_changed_at, created_at, created_by,
    parent, artifact_path, details)
    SELECT DISTINCT ON (model_name, version) model_name, version, n + 1,
           CASE WHEN nth = 1 THEN 'champion' WHEN nth < 20 THEN 'candidate' ELSE 'rejected' END, at, at, 'schedule',
           nullif(version - 1, 0), 'a/path',
           CASE WHEN n %% 90 = 0 THEN '{"shadow": {"ended_by": "ada"}}' ELSE '{}' END::jsonb
    FROM many ORDER BY model_name, version, n;
INSERT INTO reference_profiles SELECT model_name, version, '{}', created_at FROM model_version_management;
INSERT INTO model_deployment_history (model_name, from_version, to_version, event_id, kind, deployed_by, reason,
    deployed_at)
    SELECT model_name, parent, version, event_id, 'promotion', 'schedule', 'better', created_at
    FROM model_version_management ORDER BY created_at;
INSERT INTO champion_announcements SELECT id, 'run-1', deployed_at FROM model_deployment_history;
INSERT INTO canary_shares (model_name, version, champion_version, share, set_by, reason, set_at)
    SELECT model_name, version, version + 1, 10, 'ada', 'to see', created_at FROM model_version_management;
INSERT INTO retraining_requests (model_name, kind, key, reason, requested_by, requested_at, run_id, consumed_at)
    SELECT model_name, 'api', 'key-' || n, 'new rows', 'ada', at, CASE WHEN nth > 1 THEN run_id END,
           CASE WHEN nth > 1 THEN at END FROM many WHERE n %% 10 < 2 OR nth = 1;
INSERT INTO quarantined_spans (model_name, feature, statistic, reason, span_start, span_end, run_id, last_run_id,
    quarantined_at, lifted_by, lift_reason, lifted_at)
    SELECT model_name, 'price', 'missing_rise', 'empty', at - interval '1 hour', at, run_id, run_id, at,
           CASE WHEN nth > 1 THEN 'ada' END, CASE WHEN nth > 1 THEN 'mended' END, CASE WHEN nth > 1 THEN at END
    FROM many WHERE n %% 10 < 2 OR nth = 1;
INSERT INTO model_file_history (model_name, config_hash, config, seen_at)
    SELECT model_name, 'hash ' || nth, '{}', at FROM many WHERE n %% 10 < 2;
INSERT INTO retraining_failures (failure_id, model_name, run_id, step, error_type, error, permanent, failed_at)
    SELECT gen_random_uuid(), model_name, run_id, 'publish', 'SourceUnavailable', 'gone', false, at FROM many
    WHERE n %% 5 = 0;
INSERT INTO model_pauses (model_name, paused, set_by, reason, set_at)
    SELECT model_name, nth %% 2 = 0, 'ada', 'not now', at FROM many WHERE n %% 10 < 2 ORDER BY n DESC;
INSERT INTO notification_mutes (model_name, muted_until, muted_by, reason, muted_at)
    SELECT model_name, at + interval '1 day', 'ada', 'known', at FROM many WHERE n %% 10 < 2;
INSERT INTO model_annotations (model_name, about, text, written_by, written_at)
    SELECT model_name, at, 'a sale', 'ada', at FROM many WHERE n %% 10 < 2;
INSERT INTO decision_marks (model_name, run_id, verdict, marked_by, reason, marked_at)
    SELECT model_name, run_id, 'false_alarm', 'ada', 'a sale', at FROM many WHERE n %% 5 = 0;
INSERT INTO idempotency_keys (caller, key, fingerprint, attempt, begun_at)
    SELECT 'ada', run_id, 'f', gen_random_uuid(), at FROM many WHERE n %% 5 = 0;
INSERT INTO notifications (model_name, subject, kind, episode, phase, severity, run_id, batch, headline, written_at,
    due_at, settled, settled_at)
    SELECT model_name, model_name, 'promoted', 'episode ' || nth, 'told', 'HIGH', run_id, gen_random_uuid(), 'promoted',
           at, at, CASE WHEN nth > 1 THEN 'delivered' END, CASE WHEN nth > 1 THEN at END
    FROM many WHERE n %% 5 = 0 OR nth = 1 ORDER BY n DESC;
INSERT INTO notification_deliveries (notification_id, service, address, attempt, incident, status, begun_at, ended_at)
    SELECT id, 'chat', 'hook', 1, 'incident ' || id, 'sent', written_at, written_at FROM notifications ORDER BY id;
INSERT INTO data_arrivals (place, ordinal, fingerprint, starts, noted_at, run_id, taken_at)
    SELECT 'place of ' || model_name, row_number() OVER (PARTITION BY model_name ORDER BY n DESC), run_id, true, at,
           CASE WHEN nth > 1 THEN run_id END, CASE WHEN nth > 1 THEN at END
    FROM many WHERE n %% 5 = 0 OR nth = 1;
SET session_replication_role = origin;
"""


def fill(connection: psycopg.Connection[Any], events: int) -> None:
    """Write the rows; foreign keys and guards are off meanwhile."""
    values = {"events": events, "models": MODELS, "days": DAYS, "now": NOW}
    with psycopg.ClientCursor(connection) as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement.encode(), values)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")


class Anything(dict[str, Any]):
    """A value for each parameter of each query: that of `KEY`, nothing in a JSON column, else NULL."""

    def __missing__(self, name: str) -> Any:
        return Jsonb({}) if name in JSON_COLUMNS else None


def plan(connection: psycopg.Connection[Any], name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """How Postgres would run a query."""
    row = connection.execute(b"EXPLAIN (FORMAT JSON) " + query(name), Anything(values)).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0][0]["Plan"]
    return found


def whole_tables(node: Mapping[str, Any]) -> Iterator[str]:
    """Growing tables that a plan reads from end to end; partitions under the name of their table."""
    table = node.get("Relation Name", "")
    whole = re.sub(r"_\d{4}_\d{2}$", "", table)
    if node["Node Type"] == "Seq Scan" and whole not in BOUNDED and not table.startswith("pg_"):
        yield whole
    for child in node.get("Plans", []):
        yield from whole_tables(child)


def judge(connection: psycopg.Connection[Any]) -> list[str]:
    """Print what each query does, and return what is wrong."""
    wrong = []
    for name in sorted({path.stem for path in QUERIES.glob("*.sql")} - {"begin_reading"}):  # which reads nothing
        text = query(name).decode()
        cases, any_run = {"": KEY}, {"run_id": None} if "run_id text (NULL" in text else {}
        if "NULL for all" in text:
            cases = {"one model": KEY | any_run, "all": KEY | any_run | {"model_name": None}}
        if any_run:
            cases["one run"] = KEY | {"model_name": None}
        for case, values in cases.items():
            found = sorted(set(whole_tables(plan(connection, name, values))))
            why = WHOLE_TABLE.get(name, ALL.get(name, "") if case == "all" else "")
            said = f"reads all of {', '.join(found)}" if found else "by index"
            print(f"{name:<36} {case:<10} {said}{f': {why}' if found and why else ''}")
            if found and not why:
                wrong.append(f"{name} {case} {said}")
    return wrong


def main() -> int:
    """Fill a database, and judge all queries."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--show", default="", help="name of a query whose plan is printed, about all models")
    options = parser.parse_args()
    lossy = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "512MB"}
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres", settings=lossy) as server:
        server.create_databases("records")
        with psycopg.connect(server.uri("records")) as connection:
            migrate(connection)
        with psycopg.connect(server.uri("records")) as connection:
            began = time.monotonic()
            fill(connection, options.events)
            print(f"{options.events} events of {MODELS} models in {time.monotonic() - began:.0f} s")
            if options.show:
                explained = b"EXPLAIN " + query(options.show)
                for (line,) in connection.execute(explained, Anything(KEY | {"model_name": None})):
                    print(line)
            wrong = judge(connection)
    print(f"{len(wrong)} queries read a growing table from end to end")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
