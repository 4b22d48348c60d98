"""What the routes answer: each call of the seeds, everything that the page does, once and under the caller's name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import MODEL, Served

pytestmark = pytest.mark.airflow

HERE = f"/models/{MODEL}"
LISTS = (
    "/requests", "/quarantines", f"{HERE}/champions", f"{HERE}/canary", "/decisions", "/events", "/models", "/mutes",
    f"{HERE}/annotations", "/failures",
)  # fmt: skip


def told(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_start_stop_and_status_are_those_of_the_dag(served: Served) -> None:
    assert told(served.ask("POST", "/stop"))["is_running"] is False
    assert told(served.ask("GET", "/status", "viewer"))["is_running"] is False
    refused = served.ask("POST", f"{HERE}/retrain")
    assert (refused.status_code, "paused" in refused.json()["detail"]) == (409, True)
    assert told(served.ask("POST", "/start", json={"reason": "again"}))["is_running"] is True
    assert told(served.ask("GET", "/status"))["models"] == ["other", MODEL]


def test_basic_retrain_keeps_a_request_and_starts_the_run_that_sees_to_it(served: Served) -> None:
    answer = told(served.ask("POST", f"{HERE}/retrain", "user"), 202)
    assert answer["request"]["requested_by"] == "user"
    runs = told(served.ask("GET", "/status"))["runs"]
    [run] = [run for run in runs if run["run_id"] == answer["run"]["run_id"]]
    assert (run["requested_by"], run["state"]) == ("user", "queued")


def test_advanced_retrain_carries_reason_hyperparameters_kind_and_notes(served: Served) -> None:
    sent = {
        "reason": "accuracy dropped by 5 %",
        "hyperparameters": {"max_iter": 25},
        "kind": "red_team",
        "notes": "ticket 7",
        "training_data_path": "new/rows.csv",
    }
    answer = told(served.ask("POST", f"{HERE}/retrain", json=sent), 202)
    kept = answer["request"]
    assert (kept["reason"], kept["hyperparameters"], kept["kind"]) == (sent["reason"], {"max_iter": 25}, "red_team")
    assert (kept["notes"], kept["training_data_path"]) == ("ticket 7", "new/rows.csv")
    [run] = [run for run in told(served.ask("GET", "/status"))["runs"] if run["run_id"] == answer["run"]["run_id"]]
    assert run["note"] == "op: accuracy dropped by 5 %\nticket 7"
    wrong = served.ask("POST", f"{HERE}/retrain", json={**sent, "hyperparameters": {"max_itr": 25}})
    assert (wrong.status_code, "max_iter" in wrong.json()["detail"]) == (422, True)


def test_run_on_one_model_may_be_a_dry_one(served: Served) -> None:
    sent = {"reason": "look", "dry_run": True, "preset": "aggressive", "as_of": "2026-02-20T00:00:00Z"}
    assert told(served.ask("POST", f"{HERE}/runs", json=sent), 202)["state"] == "queued"


def test_history_lineage_comparison_and_recommendations_are_those_on_record(served: Served) -> None:
    events = told(served.ask("GET", "/events", params={"model_name": MODEL, "limit": 20}))["entries"]
    assert {event["version"] for event in events} >= {1, 2}
    assert told(served.ask("GET", f"/events/{events[-1]['id']}"))["status"] == "promoted"
    lineage = told(served.ask("GET", f"{HERE}/lineage"))
    assert [each["version"] for each in lineage["versions"]][:2] == ["v1", "v2"]
    then = told(served.ask("GET", f"{HERE}/lineage", params={"at": "2030-01-01"}))
    assert len(then["versions"]) == 1
    compared = told(served.ask("GET", f"{HERE}/compare", params={"version1": "v1", "version2": "2"}))
    assert compared["metrics"]["when accepted"]["rmse"]["percent_change"] is not None
    both = told(served.ask("GET", f"{HERE}/compare", params={"version1": "v1", "version2": "v2", "same_rows": True}))
    assert both["obstacle"] != "not requested"
    advised = told(served.ask("GET", f"{HERE}/recommendations"))
    assert advised["model_name"] == MODEL
    assert all(each["reason"] for each in advised["recommendations"])


def test_triggers_are_checked_by_the_latest_decision_and_by_metrics_of_ones_own(served: Served) -> None:
    decided = told(served.ask("POST", f"{HERE}/check-triggers", "viewer"))
    assert decided["run_id"] == "broken"
    assert decided["triggers"]
    own = {"current_metrics": {"rmse": 1e9, "accuracy": 0.5}}
    worse = told(served.ask("POST", f"{HERE}/check-triggers", "viewer", json=own))
    assert worse["should_retrain"] is True
    assert [(each["metric"], each["fired"]) for each in worse["metrics"]] == [("rmse", True)]
    assert any("accuracy" in each for each in worse["unjudged"])
    own = {"current_metrics": {"accuracy": 0.89}, "baseline_metrics": {"accuracy": 0.9}}
    assert told(served.ask("POST", f"{HERE}/check-triggers", json=own))["should_retrain"] is False
    unknown = served.ask("POST", f"{HERE}/check-triggers", json={"current_metrics": {"acuracy": 0.7}})
    assert (unknown.status_code, "accuracy" in unknown.json()["detail"]) == (422, True)
    impossible = served.ask("POST", f"{HERE}/check-triggers", json={"current_metrics": {"accuracy": 7}})
    assert impossible.status_code == 422


def test_settings_have_a_tag_that_saves_sending_them_again(served: Served) -> None:
    first = served.ask("GET", f"{HERE}/config")
    assert told(first)["enabled"] is True
    again = served.ask("GET", f"{HERE}/config", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])
    other = served.ask(
        "GET", f"{HERE}/config", params={"preset": "aggressive"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert other.status_code == 200
    every = told(served.ask("GET", "/config"))
    assert sorted(every["models"]) == ["other", MODEL]


def test_rollback_makes_a_former_champion_champion_and_says_who_did(served: Served) -> None:
    back = told(served.ask("POST", f"{HERE}/rollback", json={"reason": "complaints", "to": "v1"}))
    assert (back["from_version"], back["to_version"], back["deployed_by"]) == (2, 1, "op")
    forth = told(served.ask("POST", f"{HERE}/rollback", "admin", json={"reason": "was fine", "to": "2"}))
    assert forth["to_version"] == 2
    assert served.ask("POST", f"{HERE}/rollback", json={"reason": "x", "to": "v2"}).status_code == 409
    assert [each["kind"] for each in told(served.ask("GET", f"{HERE}/champions"))["entries"]][-2:] == ["rollback"] * 2


def test_quarantine_is_lifted_once(served: Served) -> None:
    found = told(served.ask("GET", "/quarantines", params={"model_name": MODEL}))["entries"]
    assert found
    assert found[0]["feature"] == "price"
    lifted = told(served.ask("POST", f"/quarantines/{found[0]['id']}/lift", json={"reason": "backfilled"}))
    assert (lifted["lifted_by"], lifted["accepts"]) == ("op", False)
    assert served.ask("POST", f"/quarantines/{found[0]['id']}/lift", json={"reason": "again"}).status_code == 404


def test_canary_is_put_down(served: Served) -> None:
    kept = told(served.ask("POST", f"{HERE}/canary", json={"version": "v1", "share": 5.0, "reason": "try"}))
    assert (kept["version"], kept["share"], kept["set_by"]) == (1, 5.0, "op")
    assert (
        served.ask("POST", f"{HERE}/canary", json={"version": "v9", "share": 5.0, "reason": "try"}).status_code == 422
    )


def test_event_that_asks_nobody_cannot_be_answered(served: Served) -> None:
    answer = served.ask("POST", "/events/1/approval", json={"approve": True})
    assert (answer.status_code, "asks nothing" in answer.json()["detail"]) == (409, True)


def test_paused_model_has_its_requests_wait(served: Served) -> None:
    assert told(served.ask("POST", "/models/other/pause", json={"reason": "sensor"}))["by"] == "op"
    answer = told(served.ask("POST", "/models/other/retrain"), 202)
    assert answer["run"] is None
    assert "paused by op" in answer["note"]
    assert told(served.ask("GET", "/models/other/pause"))["paused"] is True
    assert told(served.ask("POST", "/models/other/resume", json={"reason": "mended"}))["paused"] is False


def test_people_mute_remark_and_mark_under_their_names(served: Served) -> None:
    made = told(served.ask("POST", "/mutes", json={"until": "2100-01-01T00:00:00Z", "reason": "move"}))
    assert told(served.ask("GET", "/mutes"))["entries"][-1]["by"] == "op"
    assert (
        told(served.ask("POST", f"/mutes/{made['id']}/unmute", "admin", json={"reason": "done"}))["lifted_by"]
        == "admin"
    )
    assert served.ask("POST", "/mutes", json={"until": "2001-01-01T00:00:00Z", "reason": "late"}).status_code == 422
    told(served.ask("POST", f"{HERE}/annotations", "user", json={"at": "2026-02-01T00:00:00Z", "text": "price list"}))
    assert told(served.ask("GET", f"{HERE}/annotations"))["entries"][-1]["by"] == "user"
    run = told(served.ask("GET", "/decisions", params={"model_name": MODEL}))["entries"][-2]["run_id"]
    sent = {"run_id": run, "verdict": "false_alarm", "reason": "a holiday"}
    assert told(served.ask("POST", f"{HERE}/marks", json=sent))["verdict"] == "false_alarm"
    assert told(served.ask("GET", f"{HERE}/budget"))["marked"] == 1
    assert served.ask("POST", f"{HERE}/marks", json={**sent, "run_id": "none"}).status_code == 404


def test_fleet_and_model_are_those_of_the_records(served: Served) -> None:
    fleet = told(served.ask("GET", "/models", "viewer"))
    assert {each["model_name"] for each in fleet["entries"]} == {"other", MODEL}
    assert sum(fleet["counts"].values()) == fleet["total_entries"] == 2
    view = told(served.ask("GET", HERE, params={"start": "2026-01-01", "end": "2030-01-01"}))
    assert view["row"]["champion"]["version"] in (1, 2)
    assert view["versions"]


def test_health_tells_what_is_wrong_with_the_monitor_itself(served: Served) -> None:
    found = told(served.ask("GET", "/health", "viewer"))
    assert found["well"] is False
    assert {each["subject"] for each in found["problems"] if each["kind"] == "away"} >= {"scheduler"}
    assert all(each["way_out"] for each in found["problems"])


def test_statistics_count_what_the_period_came_to(served: Served) -> None:
    period = {"start": "2026-01-01", "end": "2100-01-01", "model_name": MODEL}
    rows = told(served.ask("GET", "/statistics", params=period))["entries"]
    assert sum(row["promotions"] for row in rows) == 2
    assert served.ask("GET", "/statistics", params={**period, "end": "2020-01-01"}).status_code == 422


def test_what_if_tries_other_settings_and_changes_nothing(served: Served) -> None:
    period = {"start": "2026-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}
    tried = told(served.ask("POST", f"{HERE}/what-if", "viewer", json={"preset": "aggressive", **period}))
    assert tried["difference"]
    wrong = served.ask("POST", f"{HERE}/what-if", json={"settings": {"no_such": 1}})
    assert (wrong.status_code, "no_such" in wrong.json()["detail"]) == (422, True)


def test_export_is_csv_whose_formulas_are_inert(served: Served) -> None:
    told(served.ask("POST", f"{HERE}/annotations", json={"at": "2026-02-02T00:00:00Z", "text": "=cmd|' /C calc'!A0"}))
    answer = served.ask("GET", "/export/retraining_requests", params={"model_name": MODEL})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="retraining_requests.csv"'
    assert answer.text.count("\n") >= 2
    assert served.ask("GET", "/export/pg_authid").status_code == 422


def test_lists_have_pages_in_the_shape_of_airflow(served: Served) -> None:
    for path in LISTS:
        page = told(served.ask("GET", path))
        assert {"entries", "next_cursor", "previous_cursor", "total_entries"} <= set(page), path
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = told(served.ask("GET", "/decisions", params={"limit": 1, "cursor": cursor}))
        seen += [each["run_id"] for each in page["entries"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == page["total_entries"]
    assert served.ask("GET", "/decisions", params={"cursor": "bm9uc2Vuc2U"}).status_code == 422


def test_call_with_a_key_is_done_once_and_answered_twice(served: Served) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    sent = {"reason": f"once {key}", "start_run": True}
    first = served.ask("POST", f"{HERE}/retrain", json=sent, headers=key)
    again = served.ask("POST", f"{HERE}/retrain", json=sent, headers=key)
    assert told(again, 202) == told(first, 202)
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    other = served.ask("POST", f"{HERE}/retrain", json={**sent, "reason": "other"}, headers=key)
    assert (other.status_code, "another call" in other.json()["detail"]) == (422, True)
    assert (
        served.ask("POST", f"{HERE}/retrain", "admin", json=sent, headers=key).headers.get("idempotency-replayed")
        is None
    )


def test_key_of_a_call_that_was_refused_may_be_used_again(served: Served) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    for wrong in ({"reason": 1}, {"reason": "x", "hyperparameters": {"no_such": 1}}):
        assert served.ask("POST", f"{HERE}/retrain", json=wrong, headers=key).status_code == 422
    assert served.ask("POST", f"{HERE}/retrain", json={"reason": "right"}, headers=key).status_code == 202


def test_same_key_at_the_same_time_is_done_once(served: Served) -> None:
    key, reason = {"Idempotency-Key": str(uuid4())}, f"at once {uuid4()}"
    sent = {"at": "2026-02-01T00:00:00Z", "text": reason}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: served.ask("POST", f"{HERE}/annotations", json=sent, headers=key), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert served.record("SELECT count(*) FROM model_annotations WHERE text = %s", reason) == [(1,)]


def test_description_is_for_those_who_may_read_and_names_every_route(served: Served) -> None:
    described = told(served.ask("GET", "/openapi.json", "viewer"))
    assert described["servers"] == [{"url": "/retraining"}]
    paths = {each["path"] for each in served.routes} - {"/api/v1/openapi.json"}
    assert set(described["paths"]) == paths
    for path in described["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["404"]["content"]
            assert operation["security"]


@pytest.mark.parametrize("name", ["%0A", "a%0Ab", "a%00b", "%E2%80%AE", "..%2f..%2fetc", "a%2Fb", "%F3%B3%81%A0"])
def test_answer_about_any_name_is_of_a_kind_that_is_described(served: Served, name: str) -> None:
    described = told(served.ask("GET", "/openapi.json", "viewer"))["paths"]
    for path, operations in described.items():
        if "{model_name}" in path and "get" in operations:
            where = path.removeprefix("/api/v1").replace("{model_name}", name)
            answer = served.ask("GET", where, "viewer")
            assert answer.status_code in (404, 422), where
            media = answer.headers["content-type"].partition(";")[0]
            assert media in operations["get"]["responses"][str(answer.status_code)]["content"], where


def test_doctor_sees_airflow_itself_and_writes_nothing(served: Served) -> None:
    found = told(served.ask("GET", "/doctor", "viewer"))
    assert found["well"] is not bool(found["findings"])
    seen = {each["check"]: each["told"] for each in found["seen"]}
    assert "max_map_length" in seen["airflow"]
    assert "sales" not in {each["subject"] for each in found["findings"]}
    assert {"identity", "champions", "libraries", "needed connections"} <= seen.keys()
    assert all(each["way_out"] for each in found["findings"])
