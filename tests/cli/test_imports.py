"""Commands on the records begin at once: what only reads rows or trains is not loaded for them."""

from __future__ import annotations

import subprocess
import sys

from tests.reading.conftest import House
from tools.layout import PROJECT_ROOT

HEAVY = ("pandas", "scipy", "sklearn", "pyarrow", "mlflow", "boto3", "botocore", "skops")
PLAIN = (
    "request fresh --reason tried", "requests", "quarantines", "versions housing", "lineage housing",
    "history", "history --decisions", "fleet", "status", "health", "failures", "statistics", "config", "mutes",
    "recommend housing", "report housing", "audit --from 2026-01-01 --to 2100-01-01",
    "audit verify", "retention --dry-run --keep 3",
    "annotate housing --text tried", "annotations housing", "mark housing near right --reason tried",
    "pause housing --reason tried", "resume housing --reason tried", "canary housing",
    "export retraining_decisions",
)  # fmt: skip
#: Prints each command's exit code, and what it was the first to load.
TRIED = f"""
import contextlib, io, sys
from include.cli.__main__ import main
for line in sys.stdin.read().splitlines():
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(line.split())
        except SystemExit as left:
            code = left.code
    loaded = [name for name in {HEAVY} if name in sys.modules]
    print(line, "|", code, "|", " ".join(loaded), "|", said.getvalue().strip().replace(chr(10), " / ")[:200])
"""


def test_commands_on_the_records_load_nothing_that_reads_rows_or_trains(house: House) -> None:
    house.register("housing")
    house.register("fresh")
    house.train(hours=30)
    house.train(hours=20)
    house.check(hours=1, run_id="near")
    ran = subprocess.run(
        [sys.executable, "-c", TRIED], input="\n".join(PLAIN), capture_output=True, text=True, check=True,
        cwd=PROJECT_ROOT,
    )  # fmt: skip
    found = [line.split(" | ") for line in ran.stdout.splitlines()]
    assert [line for line, _, _, _ in found] == list(PLAIN)
    assert [each for each in found if each[1] not in ("0", "1")] == []  # all were understood
    assert [each for each in found if each[2]] == []
