"""Do the tests see what breaks? Thirty small mistakes, one at a time, each in a copy of the repository.

    python -m benchmarks.mutants [--only NAME ...] [--tree DIRECTORY] [--check]

A fault is what anybody may write on a bad day: a flipped comparison, a forgotten filter, a lock that is not taken, a
swapped argument, a missing WHERE, a swallowed error. The files that git tracks are copied to a temporary folder; there
each fault in turn is put in, the file's examples and the tests of its room are run as a maintainer of that room would
run them, and it is taken out again. A line a fault says which test caught it, or that it survived. In the end the tests
that caught something are run once without any fault: one that fails then as well proves nothing.

With `--tree` another checkout is tried, such as one of an older commit: a snippet is then looked for in all of
``include/`` and ``sql/``, tests by the names of their files; those that are not there are left out. With `--check` no
test is run: only whether each fault can be put in.

The exit code is 1 if any fault survives, cannot be put in, or was caught by a test that fails without it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

HERE = Path(__file__).parents[1]
PLACES = ("include/**/*.py", "sql/**/*.sql")  # where a snippet may have moved to
PYTEST = ("-m", "pytest", "-x", "-q", "-rfE", "--no-header", "-p", "no:cacheprovider", "-o", "timeout=120")
CAUGHT, SURVIVED = 1, 0  # exit codes of pytest; any other is none of its tests'

#: What a maintainer runs who has changed something in that room.
ROOMS: Mapping[str, Sequence[str]] = {
    "quality": ("tests/detectors/test_data_quality.py",),
    "drift": ("tests/detectors/test_data_drift.py", "tests/detectors/test_score_tests.py"),
    "errors": ("tests/detectors/test_running_errors.py", "tests/detectors/test_page_hinkley.py"),
    "triggers": ("tests/triggers",),
    "decision": ("tests/decision",),
    "scoring": ("tests/scoring",),
    "gate": ("tests/retraining/test_gate.py", "tests/retraining/test_guards.py", "tests/retraining/test_anchor.py"),
    "contest": ("tests/retraining/test_contest.py", "tests/test_quarantine.py"),
    "training": ("tests/retraining/test_prepare.py", "tests/retraining/test_rows.py"),
    "artifacts": ("tests/retraining/test_artifacts.py", "tests/test_publication.py"),
    "claims": (
        "tests/contracts/test_store.py",
        "tests/contracts/test_store_claims.py",
        "tests/records/test_postgres.py",
    ),
    "requests": ("tests/contracts/test_store_requests.py", "tests/records/test_requests.py"),
    "history": (
        "tests/contracts/test_store_retrained.py",
        "tests/contracts/test_store_quarantine.py",
        "tests/contracts/test_store_shadows.py",
    ),
    "rows": ("tests/data/test_copies.py", "tests/data/test_arrivals.py"),
    "sources": (
        "tests/data/test_sources.py",
        "tests/data/test_same_files.py",
        "tests/data/test_files_as_found.py",
        "tests/data/test_batches.py",
    ),
    "kinds": ("tests/data/test_kinds.py", "tests/data/test_text_cells.py"),
    "reference": ("tests/data/test_seasons.py", "tests/data/test_blocks.py", "tests/data/test_reference.py"),
    "profile": ("tests/data/test_profile.py", "tests/data/test_profile_merge.py"),
    "rollback": ("tests/test_rollback.py", "tests/contracts/test_store_rollbacks.py"),
    "steps": ("tests/test_workflow_requests.py", "tests/test_workflow.py"),
    "notes": ("tests/test_run_notes.py", "tests/reports/test_in_short.py"),
    "commands": ("tests/test_cli.py", "tests/test_record_commands.py"),
}


@dataclass(frozen=True)
class Fault:
    """One mistake.

    Parameters
    ----------
    name : str
    room : str
        Key of `ROOMS`.
    file : str
        Where it is made, as a glob that outlives a move.
    snippet, instead : str
        What stands there once, and what it is replaced with.
    """

    name: str
    room: str
    file: str
    snippet: str
    instead: str


FAULTS = (
    Fault("however small a drift", "drift", "include/**/data_drift.py", " and signal.value >= signal.threshold", ""),
    Fault("a column that was empty before blocks", "quality", "include/**/data_quality.py",
          "blocks=after - before >= self.blocking_share", "blocks=after >= self.blocking_share"),
    Fault("the last row is counted again", "errors", "include/**/running_errors.py",
          "moments > pd.Timestamp(state.until)", "moments >= pd.Timestamp(state.until)"),
    Fault("the oldest checks instead of the latest", "triggers", "include/**/persistence.py", "past[::-1][:", "past[:"),
    Fault("one part too few shares the level", "triggers", "include/**/budget.py",
          "len(tested) - least + 1", "len(tested) - least"),
    Fault("any strong trigger is critical", "decision", "include/decision/severity.py",
          "leaf.trigger in HARM and leaf.strength >= VERY_STRONG", "leaf.strength >= VERY_STRONG"),
    Fault("the sign of a baseline is kept", "scoring", "include/**/metric.py",
          "change / abs(baseline)", "change / baseline"),
    Fault("an interval of one side", "scoring", "include/**/paired.py", "isf(level / 2.0,", "isf(level,"),
    Fault("a proven gain of next to nothing is promoted", "gate", "include/**/gate.py",
          " and found.gain >= minimum_gain", ""),
    Fault("challenger and former champion swapped", "gate", "include/**/former_champions.py",
          "paired_gain(metric, ours, theirs)", "paired_gain(metric, theirs, ours)"),
    Fault("judged on rows in quarantine", "contest", "include/**/contest.py",
          "(times >= pd.Timestamp(version.data_until)) & ~within(times, tables.quarantined)",
          "(times >= pd.Timestamp(version.data_until))"),
    Fault("trained on rows in quarantine", "training", "include/**/prepare.py",
          "labelled = ~pd.isna(target) & trusted", "labelled = ~pd.isna(target)"),
    Fault("a damaged version is taken for whole", "artifacts", "include/**/artifacts/folder.py",
          "except ArtifactError:\n            return False", "except ArtifactError:\n            return True"),
    Fault("the files of a version at work are remains", "artifacts", "include/**/artifacts/folder.py",
          "elif label in settled and path.name not in kept:", "elif path.name not in kept:"),
    Fault("a request is consumed twice", "requests", "sql/**/consume_requests.sql", " AND run_id IS NULL", ""),
    Fault("champions of all models retire", "claims", "sql/**/retire_champion.sql",
          "WHERE model_name = %(model_name)s AND status = 'champion'\nRETURNING version",
          "WHERE status = 'champion'\nRETURNING version"),
    Fault("the end of a shadow is a retraining", "history", "sql/**/find_last_retrained.sql",
          "      AND trigger_type <> 'shadow'\n", ""),
    Fault("open events are not locked", "claims", "sql/**/lock_open_events.sql",
          "AND status IN ('decided', 'executing')\nORDER BY id\nFOR UPDATE",
          "AND status IN ('decided', 'executing')\nORDER BY id"),
    Fault("what waits is given up with what is dead", "claims", "include/**/memory/claim.py",
          'elif row["status"] == EventStatus.EXECUTING:\n                self.give_up',
          "else:\n                self.give_up"),
    Fault("whoever holds the right, it is ours", "claims", "include/**/postgres/claim.py",
          'if holder is None or not holder["mine"]:', "if holder is None:"),
    Fault("a quarantine that was lifted goes on", "history", "include/**/memory/quarantine.py",
          'kept["lifted_at"] is None and _continues(row, kept)', "_continues(row, kept)"),
    Fault("the end of a span belongs to it", "rows", "include/**/spans.py",
          "(times < pd.Timestamp(span.end))", "(times <= pd.Timestamp(span.end))"),
    Fault("files that are being written are read", "sources", "include/**/foreign_files.py",
          '    ".tmp", ".temp", ', "    "),
    Fault("a category that is called none is emptied", "kinds", "include/**/conform.py",
          "WORDS - set(spoken)", "WORDS"),
    Fault("each part's variance is one row too many", "profile", "include/**/numeric.py",
          "part.variance * (part.finite - 1)", "part.variance * part.finite"),
    Fault("a window that ends on the hour touches the next", "reference", "include/**/seasons.py",
          "math.ceil(end.timestamp() / self._seconds)", "math.floor(end.timestamp() / self._seconds) + 1"),
    Fault("back to a version that was rolled back", "rollback", "include/**/rollback.py",
          "if version.status is VersionStatus.RETIRED", "if version.status in ONCE_CHAMPION"),
    Fault("requests of others set the parameters", "steps", "include/**/execute.py",
          " if kept.consumed is not None)", ")"),
    Fault("the rule between notes takes no room", "notes", "include/**/run_notes.py",
          "LONGEST - (len(RULE) + len(people)", "LONGEST - (len(people)"),
    Fault("an error is no failure of a command", "commands", "include/**/__main__.py",
          "if away else BAD_INPUT", "if away else DONE"),
)  # fmt: skip


def copy_tree(tree: Path, copy: Path) -> None:
    """Copy what git tracks, as it is now."""
    listed = subprocess.run(["git", "-C", tree, "ls-files", "-z"], check=True, capture_output=True, text=True)  # noqa: S607 - whose git is the caller's choice
    for name in filter(None, listed.stdout.split("\0")):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tree / name, target)


def place_of(fault: Fault, tree: Path) -> Path:
    """The one file that holds the fault's snippet, once; a LookupError if there is none, or are several."""
    for globs in ((fault.file,), PLACES):
        files = [file for pattern in globs for file in sorted(tree.glob(pattern))]
        found = [file for file in files if fault.snippet in file.read_text(encoding="utf-8")]
        if len(found) == 1 and found[0].read_text(encoding="utf-8").count(fault.snippet) == 1:
            return found[0]
    raise LookupError(f"cannot be put in: {len(found)} files have its snippet; write it anew")


def tests_of(fault: Fault, tree: Path) -> list[str]:
    """The examples in the file, and the room's tests that the tree has, wherever; a LookupError if it has none."""
    found: list[str] = []
    for wanted in map(Path, ROOMS[fault.room]):
        there = [tree / wanted] if (tree / wanted).exists() else sorted(tree.glob(f"tests/**/{wanted.name}"))
        found += [str(path.relative_to(tree)) for path in there]
    if not found:
        raise LookupError(f"none of its tests is there: {', '.join(ROOMS[fault.room])}")
    file = place_of(fault, tree)
    return [*_examples(file, tree), *found]


def _examples(file: Path, tree: Path) -> list[str]:
    """The file itself where it has examples; what imports Airflow is tested in processes of its own."""
    text = file.read_text(encoding="utf-8")
    return [str(file.relative_to(tree))] if ">>> " in text and "airflow" not in text else []


_SECONDS = count(1)


def _write(file: Path, text: str) -> None:
    """Write with a time of its own: Python tells by time and size whether what it has compiled is out of date."""
    file.write_text(text, encoding="utf-8")
    moment = time.time() - 1e6 + next(_SECONDS)
    os.utime(file, (moment, moment))


@contextmanager
def put_in(fault: Fault, tree: Path) -> Iterator[None]:
    """The tree with the fault."""
    file = place_of(fault, tree)
    text = file.read_text(encoding="utf-8")
    _write(file, text.replace(fault.snippet, fault.instead))
    try:
        yield
    finally:
        _write(file, text)


def run_tests(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run tests until one fails; pytest's exit code and what it said."""
    quick = "not airflow and not end_to_end and not chaos"
    done = subprocess.run(
        [sys.executable, *PYTEST, "-m", quick, *tests], cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _failed(said: str) -> str:
    """The function of the first test that failed."""
    lines = (line.split(" ", 1) for line in said.splitlines() if line.startswith(("FAILED ", "ERROR ")))
    return next((rest.partition("[")[0].partition(" - ")[0] for _, rest in lines), "")


def try_out(fault: Fault, tree: Path) -> tuple[bool, str]:
    """Whether the fault was caught, and by which test; a LookupError where that cannot be said."""
    tests = tests_of(fault, tree)
    with put_in(fault, tree):
        code, said = run_tests(tree, tests)
    if code not in (CAUGHT, SURVIVED):
        raise LookupError(f"pytest ended with {code}: {' '.join(said.split())[-300:]}")
    return code == CAUGHT, _failed(said) if code == CAUGHT else "SURVIVED"


def where(fault: Fault, tree: Path) -> tuple[bool, str]:
    """That the fault can be put in, and where; a LookupError if it cannot, or has no test."""
    tests_of(fault, tree)
    return True, str(place_of(fault, tree).relative_to(tree))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all faults out, and print a line each."""
    parser = argparse.ArgumentParser(description="Do the tests see what breaks?")
    parser.add_argument("--only", action="append", choices=[fault.name for fault in FAULTS], metavar="NAME")
    parser.add_argument("--tree", type=Path, default=HERE, help="another checkout")
    parser.add_argument("--check", action="store_true", help="only whether each fault can be put in")
    options = parser.parse_args(arguments)
    chosen = [fault for fault in FAULTS if fault.name in (options.only or [fault.name])]
    catchers = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(options.tree.resolve(), tree)
        for fault in chosen:
            began = time.monotonic()
            try:
                caught, told = (where if options.check else try_out)(fault, tree)
            except LookupError as error:
                caught, told = False, str(error)
            catchers += [told] if caught else []
            took = time.monotonic() - began
            print(f"{fault.room:10s}{fault.name:50s}{took:5.0f} s  {told}", flush=True)
        wrong = "" if options.check or not catchers else without_fault(tree, catchers)
    print(f"{len(catchers)} of {len(chosen)} faults {'can be put in' if options.check else 'are caught'}")
    return int(len(catchers) < len(chosen) or bool(wrong))


def without_fault(tree: Path, tests: Sequence[str]) -> str:
    """The first of the tests that fails without a fault, too; empty if none does."""
    code, said = run_tests(tree, sorted(set(tests)))
    wrong = "" if code == SURVIVED else _failed(said) or f"pytest ended with {code}"
    print(f"without a fault, too, fails: {wrong}" if wrong else "without a fault all of these tests pass")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
