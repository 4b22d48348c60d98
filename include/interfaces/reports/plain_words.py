"""A model's policy and gate in plain words: when it is retrained, when not, what a version has to prove, and then."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from include.decision.evidence import Trigger
from include.decision.policy.catalogue import entry_of
from include.decision.policy.durations import write_period
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PolicySettings
from include.decision.policy.words import Subject
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.holding import Cooldown, WarmUp
from include.decision.triggers.persistence import Persistence
from include.registry.spec import ModelSpec
from include.scoring import METRICS

Line = tuple[int, str]  # how deep it stands, and its text


def lines(spec: ModelSpec, preset: str = "", width: int = 100) -> Iterator[str]:
    """The explanation, wrapped to `width` letters a line; `preset` overrides the model file's."""
    for depth, text in (*_when(spec, preset), *_not(spec, preset), *_gate(spec), *_afterwards(spec)):
        if depth == 0:
            yield ""
            yield from textwrap.wrap(text, width)
            continue
        indent = "  " * (depth - 1)
        yield from textwrap.wrap(text, width, initial_indent=f"{indent}- ", subsequent_indent=f"{indent}  ")


def _when(spec: ModelSpec, preset: str) -> Iterator[Line]:
    settings = spec.settings(preset)
    last = f"the rows of the last {write_period(spec.window)} (its window)"
    looked = last if spec.source.timed else "the recent rows"
    yield (
        0,
        (
            f"{spec.name} is looked at every {write_period(spec.check_every)}: {looked} are compared with the "
            "reference, the rows that the version in production was trained on."
        ),
    )
    yield 0, "It is retrained when any of these holds:"
    policy = standard_policy(settings)
    assert isinstance(policy, AnyOf)
    for trigger in policy.triggers:
        yield from _words(trigger, spec, settings, 1)


def _not(spec: ModelSpec, preset: str) -> Iterator[Line]:
    settings = spec.settings(preset)
    yield 0, "It is not retrained, whatever the rows look like,"
    yield (
        1,
        (
            "while the data are broken: a column gone, empty, unreadable or in another unit blocks every retrain, "
            "also one that was requested; the broken rows go into quarantine (they are kept on record and never "
            "trained on)"
        ),
    )
    yield 1, f"by fewer than {spec.minimum_rows} rows in the window (minimum_rows): nothing is called changed then"
    yield (
        1,
        (
            "by chance more often than you allow: tests are set so strictly that an unchanged model is retrained at "
            f"most about {settings.false_retrains_per_quarter:g} time(s) a quarter (policy.false_retrains_per_quarter)"
        ),
    )
    yield (
        1,
        (
            f"for the same evidence again and again: once the gate has turned a retrain down, "
            f"{write_period(spec.window)} pass before the same evidence asks again, and each further time twice that"
        ),
    )
    if spec.policy.costs is not None:
        yield 1, f"where it would be worth less than it costs ({spec.policy.costs.training:g}, policy.costs.training)"
    if spec.gate.shadow:
        yield 1, "while a version is in shadow (beside the one in production, see below)"
    if spec.approval is not None:
        grave = ", ".join(str(severity) for severity in spec.approval.severities)
        yield (
            1,
            (
                f"before a person has approved it in Airflow, where the decision's severity is {grave}; no answer "
                f"within {write_period(spec.approval.within)} is a no"
            ),
        )


def _gate(spec: ModelSpec) -> Iterator[Line]:
    gate, metric = spec.gate, METRICS[spec.metric]
    yield 0, "Before a new version goes into production the gate asks:"
    yield (
        1,
        (
            f"it and the version in production answer the same latest labelled rows (a share of "
            f"{gate.holdout_share:.0%} of the recent ones, which neither was trained on)"
        ),
    )
    gain = f" by at least {gate.minimum_gain:.0%}" if gate.minimum_gain else ""
    yield (
        1,
        (
            f"its {metric.name} has to be better{gain}, and proven so: one that is no better passes by luck in "
            f"{gate.level:.0%} of the cases (gate.level). Otherwise the version in production stays"
        ),
    )
    for name, floor in gate.floors.items():
        yield 1, f"its {name} has to reach {floor:g} (gate.floors)"
    if gate.guards:
        yield 1, f"it must not be proven worse in {', '.join(gate.guards)} (gate.guards)"
    if spec.probation.former:
        yield 1, f"nor be proven worse than one of the {spec.probation.former} versions in production before"
    if gate.max_latency_ms is not None:
        yield 1, f"it has to answer for a row within {gate.max_latency_ms:g} ms (gate.max_latency_ms)"
    if gate.max_size_mib is not None:
        yield 1, f"it may be {gate.max_size_mib:g} MiB large (gate.max_size_mib)"
    yield (
        1,
        (
            "a first version has nobody to beat: it has to be better than a constant (always the mean, or the most "
            "frequent class, of all labels before or of the latest), which gate.better_than_constant: false leaves out"
            if gate.better_than_constant
            else "a first version has nobody to beat, and goes into production whatever it has learnt "
            "(gate.better_than_constant: false)"
        ),
    )


def _afterwards(spec: ModelSpec) -> Iterator[Line]:
    yield 0, "What happens then:"
    if spec.gate.shadow:
        yield (
            1,
            (
                f"a version that has passed is first in shadow for {spec.gate.shadow} checks: it answers beside the "
                "one in production, and the gate decides once more on rows that came since"
            ),
        )
    yield 1, "a version that passed is published, and the rows that it was trained on become the reference"
    if spec.probation.checks:
        yield (
            1,
            (
                f"it is on probation: up to {spec.probation.checks} times it is compared with the version before it on "
                "rows that came since; proven worse, it is rolled back (the version before it returns) by itself"
            ),
        )
    if spec.probation.former:
        yield 1, "at every check the latest former versions are compared, too: one that does better now comes back"
    yield 1, "a version that did not pass is kept on record with the reason, and nothing changes in production"


def _words(trigger: Trigger, spec: ModelSpec, settings: PolicySettings, depth: int) -> Iterator[Line]:
    """What makes a trigger fire, and below it its parts."""
    if isinstance(trigger, AnyOf | AllOf | AtLeast):
        yield from _combined(trigger.triggers, _how_many(trigger), spec, settings, depth)
    elif isinstance(trigger, Cooldown | WarmUp):
        cooling = isinstance(trigger, Cooldown)
        last = "the last retraining (that of a first version does not count), whatever came of it"
        since = last if cooling else "it went into production"
        name = "cooldown" if cooling else "warm-up"
        inner = trigger.trigger
        if not trigger.period:
            yield from _words(inner, spec, settings, depth)
            return
        parts = inner.triggers if isinstance(inner, AnyOf | AllOf | AtLeast) else (inner,)
        many = _how_many(inner) if isinstance(inner, AnyOf | AllOf | AtLeast) else "this"
        text = f"once {write_period(trigger.period)} have passed since {since} (the {name}), {many}:"
        yield from _combined(parts, text, spec, settings, depth)
    elif isinstance(trigger, Persistence):
        text = f"in {trigger.count} of the last {trigger.checks} checks (the newest one included):"
        yield from _combined((trigger.trigger,), text, spec, settings, depth)
    else:
        yield depth, _leaf(trigger, spec, settings)


def _combined(
    parts: Sequence[Trigger], text: str, spec: ModelSpec, settings: PolicySettings, depth: int
) -> Iterator[Line]:
    yield depth, text if text.endswith(":") else f"{text}:"
    for part in parts:
        yield from _words(part, spec, settings, depth + 1)


def _how_many(trigger: AnyOf | AllOf | AtLeast) -> str:
    if isinstance(trigger, AnyOf):
        return "any of these"
    return "all of these at once" if isinstance(trigger, AllOf) else f"at least {trigger.needed} of these"


def _leaf(trigger: Trigger, spec: ModelSpec, settings: PolicySettings) -> str:
    entry = entry_of(trigger)
    if entry is not None and entry.words is not None:
        return entry.words(trigger, Subject(metric=spec.metric, window=spec.window, settings=settings))
    return str(getattr(trigger, "label", type(trigger).__name__))
