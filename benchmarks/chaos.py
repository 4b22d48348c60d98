"""Kills a retraining at random moments and at every step, and checks after each death what must hold.

python -m benchmarks.chaos [--kills 200] [--every 1] [--blow KILL] [--seed 0]

Real processes execute and log against a real Postgres. A death is followed by what Airflow does then: a retry, the log
task, or only the next run. Every statement, BEGIN and COMMIT sent to Postgres and every change of a file is a step; at
each one the process is killed, or all its sessions are cut, or only the answer is lost. Ends with an error at the first
violation.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos.arena import Arena, first_champion, turning
from tests.chaos.experiments import After, Scene, Toll, kill_at_random
from tests.chaos.fuse import Blow
from tests.stage import REFERENCE_DAYS
from tools.embedded_postgres import EmbeddedPostgres

LOSSY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def at_random(server: EmbeddedPostgres, folder: Path, kills: int, seed: int) -> None:
    """Random kills in one deployment that goes on and on."""
    server.create_databases("random")
    arena = Arena(server.uri("random"), folder / "random")
    arena.prepare(turning(REFERENCE_DAYS + 100 + 7 * kills))
    first_champion(arena)
    toll, begun = Toll(), time.monotonic()
    kill_at_random(arena, kills, seed, toll)
    hit = ", ".join(f"{count} with the event {status}" for status, count in toll.hit.most_common())
    events = arena.rows("SELECT status, count(*) FROM model_retraining_events GROUP BY status ORDER BY 2 DESC")
    print(f"random kills: {toll.kills} ({hit}); {toll.too_late} more came too late")
    print(f"  events: {', '.join(f'{count} {status}' for status, count in events)}; 0 lost, 0 doubled, 0 open")
    print(f"  the champion's files were read {toll.looks} times meanwhile: {len(toll.torn)} half")
    print(f"  {time.monotonic() - begun:.0f} s")


def at_steps(scene: Scene, every: int, blow: Blow, *, rollback: bool) -> int:
    """One death at every step, or at each one out of `every`; the number of violations."""
    steps, begun, failures = scene.steps(rollback=rollback), time.monotonic(), 0
    told: Counter[str] = Counter()
    for at in range(0, len(steps), every):
        after = list(After)[at // every % 3]
        try:
            said = scene.die_at(at, blow, after, rollback=rollback)
            told[said.split(":")[0]] += 1
        except AssertionError as error:
            failures += 1
            print(f"  VIOLATION at step {at}, {steps[at]}; {after}: {error}", flush=True)
    what = "rollback, publish" if rollback else "decide, execute, publish, log"
    ends = ", ".join(f"{count} {end}" for end, count in told.most_common())
    print(f"{what}: {len(steps)} steps; {blow}: {ends}; {failures} violations; {time.monotonic() - begun:.0f} s")
    return failures


def main() -> int:
    """Do both, print a table, and return 1 after a violation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="at random moments")
    parser.add_argument("--every", type=int, default=1, help="die at one step out of so many (0: at none)")
    parser.add_argument("--blow", choices=[blow.name for blow in Blow], action="append", help="(default: each)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedPostgres(folder / "postgres", settings=LOSSY)
        try:
            server.start()
            if options.every:
                scene = Scene.make(server, folder, "scene")
                for blow in [Blow[name] for name in options.blow or ()] or list(Blow):
                    for rollback in (False, True):
                        failures += at_steps(scene, options.every, blow, rollback=rollback)
            if options.kills:
                at_random(server, folder, options.kills, options.seed)
        finally:
            server.remove()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
