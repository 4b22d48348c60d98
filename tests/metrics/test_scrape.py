"""What is read from the records at a scrape: it follows what happened, and everybody is told the same."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from include.decision.request import RequestKind
from include.interfaces.metrics.exposition import exposed
from include.interfaces.metrics.families import FAMILIES, MODEL
from include.records.entries import (
    ChangeKind,
    DeliveryStatus,
    EventStatus,
    MarkVerdict,
    ProblemKind,
    Scrape,
    ScrapedModel,
    Tally,
)
from include.records.postgres import PostgresStore
from include.workflow import health, resume_model, scrape
from tests.metrics.conftest import post
from tests.reading.conftest import House, ago
from tests.records.examples import make_decision

COUNTED = """
SELECT '' AS model_name, 'decision' AS tally,
       CASE WHEN d.triggered THEN 'fired' WHEN d.blocked_by <> '[]' THEN 'blocked' ELSE 'quiet' END AS label, count(*)
FROM retraining_decisions d JOIN retraining_runs r USING (model_name, run_id) WHERE NOT r.dry_run GROUP BY 1, 3
UNION ALL SELECT model_name, 'trigger', trigger_type, count(*) FROM model_retraining_events
WHERE status <> 'dry_run' GROUP BY 1, 3
UNION ALL SELECT model_name, 'outcome', status, count(*) FROM model_retraining_events
WHERE status NOT IN ('dry_run', 'decided', 'executing') GROUP BY 1, 3
UNION ALL SELECT '', CASE status WHEN 'sent' THEN 'sent' ELSE 'unsent' END, service, count(*)
FROM notification_deliveries WHERE status IN ('sent', 'failed') GROUP BY 2, 3
UNION ALL SELECT model_name, 'error', coalesce(error_type, 'unknown'), count(*) FROM model_retraining_events
WHERE status IN ('failed', 'abandoned') GROUP BY 1, 3
"""


def model(scraped: Scrape, name: str = "housing") -> ScrapedModel:
    [found] = [each for each in scraped.models if each.model_name == name]
    return found


def near(at: datetime | None, *, hours: float) -> bool:
    """Whether it is that long ago, as exactly as the clock goes on meanwhile."""
    return at is not None and abs((at - ago(hours)).total_seconds()) < 60


def test_totals_are_what_a_count_of_all_rows_finds(lived: House) -> None:
    with lived.store.connect() as connection:
        connection.execute("SET search_path TO retraining")
        rows = connection.execute(COUNTED.encode()).fetchall()
    told = scrape(lived.deployment).totals
    found = {(name, str(tally), label, total) for tally in told for (name, label), total in told[tally].items()}
    assert found == set(rows)
    assert {tally for _, tally, _, _ in found} == set(map(str, Tally))


def test_everything_is_told_of_a_model(lived: House) -> None:
    found = model(scrape(lived.deployment))
    assert (found.nearest_trigger, found.nearness, found.missed) == ("performance", 0.5, 0)
    assert (found.successful, found.seconds) == (True, 1800.0)
    assert (found.false_alarms, found.allowed, found.budget_spent) == (1, 2.0, 0.5)
    assert near(found.newest_row_at, hours=1 + 600 / 3600)


def test_checks_are_missed_where_somebody_waits_for_them(lived: House) -> None:
    scraped = scrape(lived.deployment)
    assert [(each.model_name, each.missed, each.paused) for each in scraped.models] == [
        ("housing", 0, False), ("paused", 0, True), ("silent", 5, False)
    ]  # fmt: skip
    assert scraped.problems[ProblemKind.UNCHECKED] == 1


def test_labels_lag_only_where_the_last_check_saw_none(lived: House) -> None:
    scraped = scrape(lived.deployment)
    assert model(scraped).labels_until is None
    assert near(model(scraped, "silent").labels_until, hours=40)


def test_model_without_a_file_is_counted_and_not_watched(lived: House) -> None:
    scraped = scrape(lived.deployment)
    assert "gone" not in {each.model_name for each in scraped.models}
    assert scraped.totals[Tally.OUTCOME]["gone", "promoted"] == 1


def test_every_family_has_something_to_tell(lived: House) -> None:
    lived.store.add_request("housing", RequestKind.API, "new rows", "ada", at=ago(1))
    scraped = scrape(lived.deployment)
    assert [name for name, family in FAMILIES.items() if not list(family.samples(scraped))] == []


def test_tries_to_deliver_that_failed_are_counted_by_service(house: House) -> None:
    post(house, DeliveryStatus.FAILED, DeliveryStatus.FAILED, DeliveryStatus.SENT)
    post(house, DeliveryStatus.SENT, service="mail")
    post(house, DeliveryStatus.SKIPPED, service="pager")
    family = FAMILIES["retraining_notification_failures_total"]
    assert dict(family.samples(scrape(house.deployment))) == {("mail",): 0, ("ops",): 2}


def test_scrapers_at_the_same_time_are_told_the_same(lived: House) -> None:
    at = ago(0)

    def scraped(_number: int) -> str:
        return exposed(scrape(replace(lived.deployment, store=PostgresStore(lived.store.connect)), at=at))

    with ThreadPoolExecutor(4) as pool:
        texts = set(pool.map(scraped, range(8)))
    assert len(texts) == 1
    assert f'{MODEL}="housing"' in texts.pop()


def test_scrape_and_health_are_of_one_mind_about_the_monitor(lived: House) -> None:
    at = ago(0)
    found = Counter(each.kind for each in health(lived.deployment, at=at).problems)
    assert scrape(lived.deployment, at=at).problems == {kind: found[kind] for kind in ProblemKind}
    assert found[ProblemKind.LABELS_STOPPED] == 1


def test_age_follows_a_rollback_and_totals_never_fall(house: House) -> None:
    house.register()
    house.train(hours=30)
    house.train(hours=10)
    before = scrape(house.deployment)
    house.store.roll_back("housing", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada",
                          reason="worse", at=ago(2), key="k")  # fmt: skip
    after = scrape(house.deployment)
    assert near(model(before).trained_at, hours=10)
    assert near(model(after).trained_at, hours=30)
    assert near(model(after).champion_since, hours=2)
    assert after.totals == before.totals


def test_event_is_counted_once_however_often_its_row_changes(house: House) -> None:
    house.register()
    run_id = house.check(decision=make_decision())
    [event] = house.store.events(run_id=run_id)
    with house.store.claim(event.id, at=ago(1)) as claim:
        claim.note_approval("grace", at=ago(1))
        claim.note_error("E", "once")
    house.store.note_report("housing", run_id, "reports/1")
    open_yet = scrape(house.deployment)
    assert open_yet.open_events == 1
    assert open_yet.totals[Tally.OUTCOME] == {}
    house.store.close_failed(event.id, at=ago(0), error_type="E", error="no rows")
    totals = scrape(house.deployment).totals
    assert totals[Tally.TRIGGER] == {("housing", "performance"): 1}
    assert totals[Tally.OUTCOME] == {("housing", "failed"): 1}
    assert totals[Tally.ERROR] == {("housing", "E"): 1}


def test_decisions_of_one_statement_are_all_counted(house: House) -> None:
    house.register()
    for hours in (1, 2, 3):
        house.check(hours=hours)
    with house.store.connect() as connection:
        connection.execute("SET search_path TO retraining")
        connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM retraining_decisions")
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM retraining_decisions")
        connection.execute("SET session_replication_role = origin")
        connection.execute("INSERT INTO retraining_decisions SELECT * FROM kept")
    assert scrape(house.deployment).totals[Tally.DECISION] == {("", "quiet"): 6}


def test_last_mark_of_a_decision_counts(house: House) -> None:
    house.register(effective={"settings": {"false_retrains_per_quarter": 1.0}})
    run_id = house.train(hours=10)
    for verdict, spent in ((MarkVerdict.FALSE_ALARM, 1), (MarkVerdict.RIGHT, 0), (MarkVerdict.FALSE_ALARM, 1)):
        house.store.people.add_mark("housing", run_id, verdict, by="ada", reason="why", at=ago(1))
        assert model(scrape(house.deployment)).false_alarms == spent


def test_paused_model_is_watched_again_once_it_is_resumed(lived: House) -> None:
    resume_model(lived.deployment, "paused", by="ada", reason="mended")
    found = model(scrape(lived.deployment), "paused")
    assert (found.paused, found.missed) == (False, 8)


def test_status_of_the_last_training_is_its_end(house: House) -> None:
    house.register()
    house.train(hours=9)
    assert house.train(hours=3, status=EventStatus.REJECTED)
    assert model(scrape(house.deployment)).successful is True
