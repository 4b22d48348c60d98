"""What the records in memory say of the monitor itself: what the queries do, on rows in dictionaries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.decision.signals import SignalKind, Verdict
from include.records.entries import BY_SCHEDULE, FailedStep, Failing, Failure, Figures, Scheduled, Waiting, Watched
from include.records.json_values import to_utc
from include.records.memory.claim import MemoryTables
from include.records.memory.people import MemoryFailures, MemoryPeople
from include.records.people_roles import WHERE_ROWS_COME_FROM
from include.records.rows.columns import Row

Key = tuple[str, str]  # model name and run id
LOOKED_AT, BEFORE = 20, timedelta(days=30)
_OPEN_OR_LOST = ("decided", "executing", "failed", "abandoned")
_STATUSES = {"promoted": "promotions", "held": "holds", "rejected": "rejections", "failed": "failures",
             "abandoned": "failures"}  # fmt: skip


@dataclass(frozen=True)
class MemoryWatch:
    """See `include.records.people_roles.Watch`."""

    tables: MemoryTables
    models: Mapping[str, Row]
    analyses: Mapping[Key, tuple[Row, list[Row], list[Row]]]
    decisions: Mapping[Key, Row]
    people: MemoryPeople
    failures: MemoryFailures

    def watched(self, *, before: datetime | None = None) -> Sequence[Watched]:
        """Return the latest check of each registered model that has one."""
        with self.tables.guard:
            found = [self._watched(name, before) for name in sorted(self.models)]
        return [each for each in found if each is not None]

    def waiting(self) -> Sequence[Waiting]:
        """Return the models with requests that wait."""
        since = defaultdict[str, list[datetime]](list)
        with self.tables.guard:
            for kept in self.tables.requests.seen(None, None):
                if kept.consumed is None:
                    since[kept.request.model_name].append(kept.request.requested_at)
        return [Waiting(model_name=n, requests=len(asked), since=min(asked)) for n, asked in sorted(since.items())]

    def failing(self, *, since: datetime, before: datetime | None = None) -> Sequence[Failing]:
        """Return the steps that have failed in the latest runs of each model."""
        groups = defaultdict[tuple[str, FailedStep], list[Failure]](list)
        with self.tables.guard:
            for failure in self.failures.find(since=since, until=before, most=len(self.failures.rows)):
                after = self._mended_at(failure, before)
                if failure.step is not FailedStep.NOTIFY and (after is None or failure.at > after):
                    groups[failure.model_name, failure.step].append(failure)
        return [_failing(name, step, groups[name, step]) for name, step in sorted(groups)]

    def figures(self, *, since: datetime, until: datetime, model_name: str | None = None) -> Sequence[Figures]:
        """Return what the decisions of a period came to."""
        start, end = to_utc(since), to_utc(until)
        counted = defaultdict[Key, list[Row]](list)
        with self.tables.guard:
            for key, row in self.decisions.items():
                if start <= row["decided_at"] < end and not self.analyses[key][0]["dry_run"]:
                    counted[key[0], row["trigger_type"] if row["triggered"] else ""].append(self._entry(key, row))
            for failure in self.failures.find(since=start, until=end, most=len(self.failures.rows)):
                key = (failure.model_name, failure.run_id)
                if failure.step in (FailedStep.CHOOSE, FailedStep.ANALYZE) and key not in self.analyses:
                    counted[failure.model_name, ""].append({"blind": failure.run_id})
        mine = sorted(key for key in counted if model_name in (None, key[0]))
        return [_figures(name, trigger, counted[name, trigger]) for name, trigger in mine]

    def looked_at(self, run_id: str, model_names: Sequence[str]) -> frozenset[str]:
        """Return those of the models that the run has looked at."""
        with self.tables.guard:
            return frozenset(name for name in model_names if (name, run_id) in self.analyses)

    def untold(self, model_names: Sequence[str]) -> frozenset[str]:
        """Return those of the models whose last change of champion no run has told downstream of."""
        with self.tables.guard:
            last = {row["model_name"]: row["id"] for row in self.tables.deployments}
            return frozenset(name for name in model_names if last.get(name, 0) not in {0, *self.tables.announced})

    def scheduled(self, model_names: Sequence[str], *, before: datetime) -> Mapping[str, Scheduled]:
        """Return the last check by schedule of the models that had one."""
        untold, waiting = self.untold(model_names), {each.model_name for each in self.waiting()}
        found = {}
        with self.tables.guard:
            for name in model_names:
                runs = [row for row in self._runs(name) if row["requested_by"] in BY_SCHEDULE]
                last = max((row["as_of"] for row in runs if row["as_of"] < to_utc(before)), default=None)
                if last is not None:
                    waits = name in untold or name in waiting or self._has_lost(name, last)
                    found[name] = Scheduled(last=last, waits=waits)
        return found

    def false_alarms(self, *, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how many retrains of a period were marked as false alarms."""
        marks = self.people.marks(since=since, until=until)
        return Counter(mark.model_name for mark in marks if mark.spends)

    def orphans(self, model_names: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the models with a champion but these, each with where its rows came from."""
        with self.tables.guard:
            champions = {row["model_name"] for row in self.tables.versions.values() if row["status"] == "champion"}
            left = sorted((self.models.keys() & champions) - set(model_names))
            return {name: _where_rows_come_from(self.models[name]) for name in left}

    def registered(self, model_name: str) -> Mapping[str, Any] | None:
        """Return a model's effective settings as a run last saw them."""
        with self.tables.guard:
            return dict(self.models[model_name]["config"]) if model_name in self.models else None

    def _mended_at(self, failure: Failure, before: datetime | None) -> datetime | None:
        """Up to when failures of that step are history; None where none is."""
        if not failure.model_name:
            every = [row for name in {name for name, _ in self.analyses} for row in self._newest(name, before)]
            return max((row["analyzed_at"] for row in every), default=None)
        runs = self._newest(failure.model_name, before)
        kept = runs[:1] if failure.step is FailedStep.ANALYZE else runs[2:3]
        return kept[0]["analyzed_at"] if kept else None

    def _runs(self, model_name: str) -> list[Row]:
        return [row for (name, _), (row, _, _) in self.analyses.items() if name == model_name]

    def _newest(self, model_name: str, before: datetime | None) -> list[Row]:
        """Its runs of before a time, those of the latest rows first."""
        runs = [row for row in self._runs(model_name) if before is None or row["as_of"] < to_utc(before)]
        return sorted(runs, key=lambda row: row["as_of"], reverse=True)

    def _has_lost(self, model_name: str, since: datetime) -> bool:
        """Whether a retrain of a check from then on is open, or was lost."""
        mine = (row for row in self.tables.events.values() if row["model_name"] == model_name)
        return any(row["as_of"] >= since and row["status"] in _OPEN_OR_LOST for row in mine)

    def _watched(self, model_name: str, before: datetime | None) -> Watched | None:
        runs = self._newest(model_name, before)
        real = [row for row in runs if not row["dry_run"]]
        if not real:
            return None
        last = real[0]
        earlier = next((row for row in real if row["as_of"] <= last["as_of"] - BEFORE), None)
        looked_at = [last] if last["labelled_rows"] else runs[:LOOKED_AT]
        labelled = [row["analyzed_at"] for row in looked_at if row["labelled_rows"]]
        signals = self.analyses[model_name, last["run_id"]][1]
        stale = (row["reason"] for row in signals if _is_stale(row))
        return Watched(
            model_name=model_name, run_id=last["run_id"], checked_at=last["analyzed_at"], rows=last["rows"],
            labelled_rows=last["labelled_rows"], labelled_at=next(iter(labelled), None),
            earlier_share=earlier["labelled_rows"] / earlier["rows"] if earlier and earlier["rows"] else None,
            stale=next(stale, ""),
            reach=None if last["window_start"] is None else last["window_end"] - last["window_start"],
        )  # fmt: skip

    def _entry(self, key: Key, decision: Row) -> Row:
        """A decision as `retraining_ledger` shows it."""
        events = self.tables.events.values()
        event = next((row for row in events if (row["model_name"], row["run_id"]) == key), None)
        marks = [row for row in self.people.mark_rows if (row["model_name"], row["run_id"]) == key]
        entry: Row = {
            "triggered": decision["triggered"],
            "false_alarm": bool(decision["triggered"] and marks and marks[-1]["verdict"] == "false_alarm"),
        }
        if event is None:
            return entry
        promoted = event["status"] == "promoted"
        seconds = event.get("training_duration")
        look = self._last_look(key, event) if promoted else None
        return {
            **entry, "status": event["status"], "hours": (seconds or 0.0) / 3600.0,
            "cost": decision["training_cost"] if event["execution_attempted"] else None,
            "expected_gain": decision["expected_gain"] if promoted else None,
            "loss_cut": None if look is None else -look["value"], "gain": self._gain(key, look),
        }  # fmt: skip

    def _last_look(self, key: Key, event: Row) -> Row | None:
        """The last look at a promoted version's probation that came to a verdict."""
        since = self.analyses[key][0]["as_of"]
        found = [
            (run["as_of"], row)
            for (name, _), (run, signals, _) in self.analyses.items()
            for row in signals
            if name == key[0] and run["as_of"] >= since and row["kind"] == SignalKind.PROBATION
            and row["verdict"] in (Verdict.STABLE, Verdict.CHANGED) and row["detail"].get("version") == event["version"]
        ]  # fmt: skip
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def _gain(self, key: Key, look: Row | None) -> float | None:
        """What a promotion gained over the horizon in the unit of the costs."""
        worth = self.models.get(key[0], {}).get("config", {}).get("effective", {}).get("worth")
        run = self.analyses[key][0]
        if look is None or not worth or run["window_start"] is None:
            return None
        apart = abs(look["detail"]["champion_score"] - look["detail"]["predecessor_score"])
        seconds = (run["window_end"] - run["window_start"]).total_seconds()
        per_row = math.copysign(apart, -look["value"]) * worth["per_unit_of_loss"]
        return float(per_row * worth["horizon_seconds"] * run["rows"] / seconds) if seconds else None


def _is_stale(row: Row) -> bool:
    which = (row["kind"], row["feature"], row["statistic"], row["verdict"])
    return which == (SignalKind.DATA_QUALITY, "", "staleness", Verdict.CHANGED)


def _failing(model_name: str, step: FailedStep, failures: Sequence[Failure]) -> Failing:
    """One step's failures, newest first, in one."""
    return Failing(
        model_name=model_name, step=step, runs=len({each.run_id for each in failures}), since=failures[-1].at,
        last=failures[0].at, permanent=failures[0].permanent, error=f"{failures[0].error_type}: {failures[0].error}",
    )  # fmt: skip


def _figures(model_name: str, trigger: str, entries: Sequence[Row]) -> Figures:
    blind = {entry["blind"] for entry in entries if "blind" in entry}
    seen = [entry for entry in entries if "blind" not in entry]
    counts = dict.fromkeys(_STATUSES.values(), 0)
    for entry in seen:
        if entry.get("status") in _STATUSES:
            counts[_STATUSES[entry["status"]]] += 1
    cuts = _known(seen, "loss_cut")
    return Figures(
        model_name=model_name, trigger=trigger, checks=len(seen), retrains=_count(seen, "triggered"),
        promotions=counts["promotions"], holds=counts["holds"], rejections=counts["rejections"],
        failures=counts["failures"] + len(blind), false_alarms=_count(seen, "false_alarm"),
        hours=sum(_known(seen, "hours")), cost=_total(seen, "cost"), expected_gain=_total(seen, "expected_gain"),
        gain=_total(seen, "gain"), loss_cut=sum(cuts) / len(cuts) if cuts else None,
    )  # fmt: skip


def _count(entries: Iterable[Row], name: str) -> int:
    return sum(bool(entry[name]) for entry in entries)


def _known(entries: Iterable[Row], name: str) -> list[float]:
    return [entry[name] for entry in entries if entry.get(name) is not None]


def _total(entries: Iterable[Row], name: str) -> float | None:
    found = _known(entries, name)
    return sum(found) if found else None


def _where_rows_come_from(model: Row) -> dict[str, Any]:
    fields = {field: model["config"].get(field) for field in WHERE_ROWS_COME_FROM}
    return {**fields, "last_seen_at": model["last_seen_at"]}
