"""The families of metrics: name, labels, what each says, and its samples out of one scrape.

Everything is read off `include.records.entries.Scrape`; a family is one entry of `FAMILIES`, from which the exposition,
the page in ``docs/`` and the tests take it. A model has ten series or so: what is rarely there (errors, a budget that
is spent, labels that lag) has one only where there is something to tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from include.records.entries import Scrape, ScrapedModel, Tally

MODEL = "model_name"
ANSWERS = ("quiet", "blocked", "fired")
SUCCESSES = ("promoted", "held", "rejected")
FAILURES = ("failed", "abandoned")

Sample = tuple[tuple[str, ...], float]


class Kind(StrEnum):
    """The types of metrics that there are here."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family of metrics.

    Parameters
    ----------
    name : str
        As it is scraped; that of a counter ends in ``_total``.
    labels : tuple of str
        Names of the labels of each sample.
    told : str
        What it says, in one sentence.
    samples : callable
        Values of the labels, in their order, and the value of each sample.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    told: str
    samples: Callable[[Scrape], Iterable[Sample]]

    @property
    def per_model(self) -> bool:
        """Whether it has series for each model."""
        return MODEL in self.labels


def _of_models(read: Callable[[ScrapedModel], float | None]) -> Callable[[Scrape], Iterator[Sample]]:
    """A sample for each model of which `read` knows a value."""

    def samples(scrape: Scrape) -> Iterator[Sample]:
        for model in scrape.models:
            value = read(model)
            if value is not None:
                yield (model.model_name,), value

    return samples


def _counted(tally: Tally) -> Callable[[Scrape], Iterator[Sample]]:
    """The totals of a tally, by model and label, of the models that there are."""

    def samples(scrape: Scrape) -> Iterator[Sample]:
        known = {model.model_name for model in scrape.models}
        for labels, total in scrape.totals.get(tally, {}).items():
            if labels[0] in known:
                yield labels, total

    return samples


def _summed(tally: Tally, labels: Iterable[str]) -> Callable[[Scrape], Iterator[Sample]]:
    """The totals of a tally over all models, by label; 0 for what never was."""

    def samples(scrape: Scrape) -> Iterator[Sample]:
        found = Counter[str]()
        for (_model, label), total in scrape.totals.get(tally, {}).items():
            found[label] += total
        for label in labels:
            yield (label,), found[label]

    return samples


def _alone(read: Callable[[Scrape], float | None]) -> Callable[[Scrape], Iterator[Sample]]:
    """One sample without labels, where there is a value."""

    def samples(scrape: Scrape) -> Iterator[Sample]:
        value = read(scrape)
        if value is not None:
            yield (), value

    return samples


def _successes(scrape: Scrape) -> Iterator[Sample]:
    outcomes = scrape.totals.get(Tally.OUTCOME, {})
    for model in scrape.models:
        yield (model.model_name,), sum(outcomes.get((model.model_name, each), 0) for each in SUCCESSES)


def _durations(scrape: Scrape) -> Iterator[Sample]:
    for model in scrape.models:
        if model.seconds is not None:
            yield (model.model_name, "success" if model.successful else "failure"), model.seconds


def _ages(scrape: Scrape) -> Iterator[Sample]:
    for model in scrape.models:
        if model.trained_at is not None:
            yield (model.model_name,), max((scrape.at - model.trained_at).total_seconds(), 0.0)


def _nearest(scrape: Scrape) -> Iterator[Sample]:
    for model in scrape.models:
        if model.nearness is not None:
            yield (model.model_name, model.nearest_trigger), model.nearness


def _states(scrape: Scrape) -> Iterator[Sample]:
    paused = sum(model.paused for model in scrape.models)
    yield ("active",), len(scrape.models) - paused
    yield ("paused",), paused


def _problems(scrape: Scrape) -> Iterator[Sample]:
    for kind, number in scrape.problems.items():
        yield (str(kind),), number


def _undelivered(scrape: Scrape) -> Iterator[Sample]:
    """Tries that failed, by service; 0 for a service that has taken all."""
    failed = scrape.totals.get(Tally.UNSENT, {})
    for key in sorted(failed.keys() | scrape.totals.get(Tally.SENT, {}).keys()):
        yield key[1:], failed.get(key, 0)


def _stamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _if_any(value: float | None) -> float | None:
    """The value, unless it is nothing or 0."""
    return value or None


_ALL = (
    Family(
        name="model_retraining_triggered_total", kind=Kind.COUNTER, labels=(MODEL, "trigger_type"),
        told="Retrains that began, by the trigger that weighed most; dry runs are not counted, here and below.",
        samples=_counted(Tally.TRIGGER),
    ),
    Family(
        name="model_retraining_success_total", kind=Kind.COUNTER, labels=(MODEL,),
        told="Retrains that came to a verdict: the challenger was promoted, held or rejected.",
        samples=_successes,
    ),
    Family(
        name="model_retraining_failure_total", kind=Kind.COUNTER, labels=(MODEL, "error_type"),
        told="Retrains that failed or were abandoned, by the class of the error; none of a model without failures.",
        samples=_counted(Tally.ERROR),
    ),
    Family(
        name="model_retraining_duration_seconds", kind=Kind.GAUGE, labels=(MODEL, "status"),
        told="How long the last training took that ended; its status is success (a verdict) or failure.",
        samples=_durations,
    ),
    Family(
        name="model_age_seconds", kind=Kind.GAUGE, labels=(MODEL,),
        told="Time since the champion was trained; after a rollback that of the version that is back.",
        samples=_ages,
    ),
    Family(
        name="model_last_promotion_timestamp_seconds", kind=Kind.GAUGE, labels=(MODEL,),
        told="When the present champion became champion, by promotion or rollback.",
        samples=_of_models(lambda model: _stamp(model.champion_since)),
    ),
    Family(
        name="model_nearest_trigger_ratio", kind=Kind.GAUGE, labels=(MODEL, "trigger"),
        told="Share of its threshold that the nearest trigger has reached at the last check: from 1 on it fires.",
        samples=_nearest,
    ),
    Family(
        name="model_missed_checks", kind=Kind.GAUGE, labels=(MODEL,),
        told="Whole intervals since the last check: 1 is due, 2 or more were missed; 0 while paused or disabled.",
        samples=_of_models(lambda model: model.missed),
    ),
    Family(
        name="model_newest_row_timestamp_seconds", kind=Kind.GAUGE, labels=(MODEL,),
        told="Time of the newest row that the last check saw; none of a model without timestamps.",
        samples=_of_models(lambda model: _stamp(model.newest_row_at)),
    ),
    Family(
        name="model_labels_last_seen_timestamp_seconds", kind=Kind.GAUGE, labels=(MODEL,),
        told="When a check last saw labels, of models whose last check saw rows without any; else none.",
        samples=_of_models(lambda model: _stamp(model.labels_until)),
    ),
    Family(
        name="model_false_alarm_budget_spent_ratio", kind=Kind.GAUGE, labels=(MODEL,),
        told="Retrains of 90 days that were marked as false alarms, as a share of those allowed; none where it is 0.",
        samples=_of_models(lambda model: _if_any(model.budget_spent)),
    ),
    Family(
        name="retraining_decisions_total", kind=Kind.COUNTER, labels=("answer",),
        told="Decisions by answer: quiet (no), blocked (wanted, and held back) or fired.",
        samples=_summed(Tally.DECISION, ANSWERS),
    ),
    Family(
        name="retraining_outcomes_total", kind=Kind.COUNTER, labels=("outcome",),
        told="Retrains that ended, by outcome: promoted, held, rejected, failed or abandoned.",
        samples=_summed(Tally.OUTCOME, (*SUCCESSES, *FAILURES)),
    ),
    Family(
        name="retraining_unfinished_events", kind=Kind.GAUGE, labels=(),
        told="Retrains that are decided or executing.",
        samples=_alone(lambda scrape: scrape.open_events),
    ),
    Family(
        name="retraining_models", kind=Kind.GAUGE, labels=("state",),
        told="Models with a file that a run has seen: paused, or not (active).",
        samples=_states,
    ),
    Family(
        name="retraining_last_check_timestamp_seconds", kind=Kind.GAUGE, labels=(),
        told="When a check of any model last succeeded; none before the first.",
        samples=_alone(lambda scrape: _stamp(scrape.last_check_at)),
    ),
    Family(
        name="retraining_monitor_problems", kind=Kind.GAUGE, labels=("kind",),
        told="What is wrong with the monitor itself, by kind; the health of the system names each.",
        samples=_problems,
    ),
    Family(
        name="retraining_notification_failures_total", kind=Kind.COUNTER, labels=("service",),
        told="Tries to deliver a notification that failed, by service; 0 for one that has taken every message.",
        samples=_undelivered,
    ),
    Family(
        name="retraining_waiting_requests", kind=Kind.GAUGE, labels=(),
        told="Requests that no run has taken up.",
        samples=_alone(lambda scrape: scrape.open_requests),
    ),
    Family(
        name="retraining_oldest_request_timestamp_seconds", kind=Kind.GAUGE, labels=(),
        told="When the oldest of these was made; none where none waits.",
        samples=_alone(lambda scrape: _stamp(scrape.oldest_request_at)),
    ),
)  # fmt: skip

#: By name.
FAMILIES: Mapping[str, Family] = {family.name: family for family in _ALL}
