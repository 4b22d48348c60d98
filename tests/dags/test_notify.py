"""The task at the end of a run: people are told, and a service that fails or is slow touches no retrain."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.airflow_home import AirflowHome
from tests.models import CHANGED, models_dir
from tests.notifications.receivers import WebReceiver, web_receiver

pytestmark = pytest.mark.airflow
TELL = """
import sys
from types import SimpleNamespace
from include.interfaces.airflow.messages import tell_people_in_run
run, tries = SimpleNamespace(run_id="run-1"), SimpleNamespace(try_number=int(sys.argv[1]), max_tries=2)
try:
    print("ANSWER", tell_people_in_run(run, tries))
except Exception as error:
    print("ANSWER", type(error).__name__, error)
"""
NOTIFY = """
from include.interfaces.airflow.messages import RetrainingNotifier
notifier = RetrainingNotifier(title="{{ x }} failed", text="see {{ x }}", severity="CRITICAL", services=["ops"])
notifier({"x": "my DAG"})
print("ANSWER done")
"""


def settings(folder: Path, connection: Any, **models: str) -> dict[str, str]:
    return {
        "RETRAINING_MODELS_DIR": str(models_dir(folder / "models", **models)),
        "RETRAINING_ARTIFACTS_DIR": str(folder / "artifacts"),
        **told_by(connection),
    }


def told_by(connection: Any) -> dict[str, str]:
    """Settings of a deployment whose people are told over that connection."""
    return {"RETRAINING_NOTIFY_ALLOW": "127.0.0.1", "AIRFLOW_CONN_RETRAINING_NOTIFY": json.dumps(connection)}


def connection(web: WebReceiver, *paths: str) -> dict[str, Any]:
    services = [{"path": web.url(path), "tag": path} for path in paths]
    return {"conn_type": "apprise", "extra": {"config": services}}


def answer(output: str) -> str:
    return next(line for line in output.splitlines() if line.startswith("ANSWER")).removeprefix("ANSWER ")


@pytest.mark.sweep
def test_run_tells_what_it_came_to_and_stays_green(airflow_home: AirflowHome, records_uri: str, tmp_path: Path) -> None:
    with web_receiver() as web:
        here = settings(tmp_path, connection(web, "ok"), changed=CHANGED)
        run = airflow_home.run_dag({"models": ["changed"]}, records_uri=records_uri, settings=here)
        assert (run.state, run.tasks["notify", -1]) == ("success", "success")
        assert [(body["model_name"], body["kind"]) for body in web.bodies()] == [("changed", "promoted")]
        again = airflow_home.run_python(TELL, "1", records_uri=records_uri, settings=here).stdout
        assert "written: 0; messages sent: 0" in answer(again)
        assert len(web.got) == 1


def test_service_that_fails_is_retried_and_never_fails_the_run(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    with web_receiver() as web:
        here = settings(tmp_path, connection(web, "ok", "500", "slow"), broken="task: [")
        begun = time.monotonic()
        first = airflow_home.run_python(TELL, "1", records_uri=records_uri, settings=here).stdout
        assert answer(first).startswith("DeliveryPutOff notifications written: 1; messages sent: 1, failed: 2")
        last = airflow_home.run_python(TELL, "3", records_uri=records_uri, settings=here).stdout
        assert answer(last).startswith("not everybody could be told")
        assert time.monotonic() - begun < 120.0
        assert len(web.bodies("/ok")) == 1


FAILED = "SELECT step, model_name, error_type, permanent FROM retraining_failures WHERE run_id = %s ORDER BY error"
TRIES = """SELECT split_part(d.service, '/', 1), array_agg(d.status ORDER BY d.attempt), n.settled
           FROM notification_deliveries d JOIN notifications n ON n.id = d.notification_id
           WHERE n.kind = 'promoted' GROUP BY n.id, d.service, n.settled ORDER BY 1"""


@pytest.mark.sweep
def test_run_whose_services_fail_and_drag_retrains_and_the_next_run_delivers_once(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    with web_receiver() as web, psycopg.connect(records_uri, autocommit=True) as opened:
        here = settings(tmp_path, connection(web, "ok", "500", "slow"), changed=CHANGED)
        run = airflow_home.run_dag({"models": ["changed"]}, records_uri=records_uri, settings=here)
        opened.execute("SET search_path TO retraining")
        assert opened.execute("SELECT model_name, status FROM model_retraining_events").fetchall() == [
            ("changed", "promoted")
        ]
        ours = {task: state for (task, _), state in run.tasks.items() if task != "notify"}
        steps = ("execute_retraining", "publish_champion", "log_retraining_completion")
        assert {ours[step] for step in steps} == {"success"}
        failed = opened.execute(FAILED, (run.run_id,)).fetchall()
        assert set(failed) == {("notify", "", "DeliveryPutOff", False)}
        assert len(web.bodies("/ok")) == 1
        tries = {service: (states, settled) for service, states, settled in opened.execute(TRIES)}
        assert tries["ok"] == (["sent"], None)
        assert {state for states, _ in (tries["500"], tries["slow"]) for state in states} == {"failed"}

        web.answers |= {"/500": 200, "/slow": 200}
        opened.execute("SET session_replication_role = replica")
        opened.execute("UPDATE notification_deliveries SET ended_at = ended_at - interval '1 day'")
        again = airflow_home.run_dag({"models": ["changed"], "dry_run": True}, records_uri=records_uri, settings=here)
        assert (again.state, again.tasks["notify", -1]) == ("success", "success")
        assert opened.execute(FAILED, (again.run_id,)).fetchall() == []
        for service, states, settled in opened.execute(TRIES):
            assert (service, states[-1], states.count("sent"), settled) == (service, "sent", 1, "delivered")
        told = {path: [body["kind"] for body in web.bodies(path)].count("promoted") for path in ("/ok", "/500")}
        assert told == {"/ok": 1, "/500": 1 + len(tries["500"][0])}


@pytest.mark.parametrize(("extra", "told"), [
    ({"conn_type": "http"}, "apprise is needed"), ({"conn_type": "apprise", "extra": {}}, "no list of services"),
])  # fmt: skip
def test_connection_that_is_wrong_fails_no_run_and_shows_no_address(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path, extra: dict[str, Any], told: str
) -> None:
    here = settings(tmp_path, {"host": "T0KEN.example.com", **extra})
    output = airflow_home.run_python(TELL, "1", records_uri=records_uri, settings=here).stdout
    assert told in answer(output)
    assert "T0KEN" not in output


def test_notifier_tells_what_a_dag_of_somebody_has_to_say(airflow_home: AirflowHome, tmp_path: Path) -> None:
    with web_receiver() as web:
        service = {"path": web.url("ok"), "tag": "ops"}
        here = settings(tmp_path, {"conn_type": "apprise", "extra": {"config": service}})
        assert answer(airflow_home.run_python(NOTIFY, settings=here).stdout) == "done"
        [body] = web.bodies()
    assert (body["title"], body["message"], body["severity"]) == ("my DAG failed", "see my DAG", "CRITICAL")
