"""Runs a backtest: one process a policy, as many at once as there are cores, each with the production code."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from include.data.temporary import temporary_folder
from include.registry.policy import Costs
from include.workflow.backtest.policies import NamedPolicy
from include.workflow.backtest.replay import Checks, Window, replay
from include.workflow.backtest.rows_once import RowsOnce
from include.workflow.backtest.trial import Backtest, Trial, without_reasons
from include.workflow.deployment import rehearsal

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LONGEST_FIRST = (Checks.ALWAYS, Checks.POLICY, Checks.NEVER)  # the one that is begun last decides when all are done
_POLL_SECONDS = 0.2

Progress = Callable[[Mapping[str, int], int], None]


def run_backtest(
    policies: Sequence[NamedPolicy], data_dir: Path, moments: Sequence[datetime], *, jobs: int, progress: Progress
) -> Backtest:
    """Replay all policies over the windows between `moments`; the result does not depend on `jobs`.

    Parameters
    ----------
    policies : sequence of NamedPolicy
        Of one model.
    jobs : int
        Processes at once; with 1 everything happens in this one.
    progress : callable
        Told now and then how many windows each policy has behind it, and of how many.
    """
    spec = policies[0].spec
    trials = _in_turn if min(jobs, len(policies)) < 2 else _at_once
    found = trials(policies, data_dir, list(moments), jobs, progress)
    named = [policy.spec.policy.costs for policy in policies if policy.spec.policy.costs is not None]
    usual = named[0] if named and all(costs == named[0] for costs in named) else None
    return Backtest(
        model=spec.name,
        metric=spec.metric,
        trials=tuple(_priced(found[policy.name], policy.spec.policy.costs or usual) for policy in policies),
    )


def _priced(trial: Trial, costs: Costs | None) -> Trial:
    """The trial with the policy's own costs, or with the only ones that are named."""
    if costs is None:
        return trial
    return replace(trial, training_cost=costs.training, per_unit_of_loss=costs.per_unit_of_loss)


def _in_turn(
    policies: Sequence[NamedPolicy], data_dir: Path, moments: list[datetime], jobs: int, progress: Progress
) -> dict[str, Trial]:
    done = dict.fromkeys((policy.name for policy in policies), 0)
    found = {}
    for policy in policies:

        def shown(name: str = policy.name) -> None:
            done[name] += 1
            progress(done, len(moments) - 1)

        found[policy.name] = _try(policy, data_dir, moments, shown)
    return found


def _at_once(
    policies: Sequence[NamedPolicy], data_dir: Path, moments: list[datetime], jobs: int, progress: Progress
) -> dict[str, Trial]:
    ordered = sorted(policies, key=lambda policy: _LONGEST_FIRST.index(policy.checks))
    context = multiprocessing.get_context("spawn")  # the numeric libraries' threads do not survive a fork
    done = dict.fromkeys((policy.name for policy in policies), 0)
    with (
        _environment(ONE_THREAD),
        context.Manager() as manager,
        ProcessPoolExecutor(min(jobs, len(policies)), mp_context=context) as pool,
    ):
        told: Queue[str] = manager.Queue()
        futures = {p.name: pool.submit(_try_and_tell, p, data_dir, moments, told) for p in ordered}
        _follow(list(futures.values()), told, done, len(moments) - 1, progress)
        return {name: future.result() for name, future in futures.items()}


def _follow(
    futures: Sequence[Future[Trial]], told: Queue[str], done: dict[str, int], windows: int, progress: Progress
) -> None:
    """Pass on what the processes tell, until all are done or one has failed."""
    while not all(future.done() for future in futures):
        if any(future.done() and future.exception() is not None for future in futures):
            for future in futures:
                future.cancel()
            return
        try:
            done[told.get(timeout=_POLL_SECONDS)] += 1
        except Empty:
            continue
        progress(done, windows)


def _try_and_tell(policy: NamedPolicy, data_dir: Path, moments: list[datetime], told: Queue[Any]) -> Trial:
    return _try(policy, data_dir, moments, lambda: told.put(policy.name))


def _try(policy: NamedPolicy, data_dir: Path, moments: list[datetime], shown: Callable[[], None]) -> Trial:
    """One policy over all windows, in an empty store and a folder of its own."""

    def show(_window: Window) -> None:
        shown()

    with temporary_folder() as folder:
        deployment = rehearsal(folder, policy.spec, data_dir=data_dir, read=RowsOnce(moments[-1]))
        result = replay(
            deployment, policy.spec.name, moments, show=show, preset=policy.preset, compare=False, checks=policy.checks
        )
    return Trial(
        policy=policy.name, score=result.policy.score(policy.spec.metric), windows=without_reasons(result.windows)
    )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables, for processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
