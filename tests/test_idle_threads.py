"""The command line has idle threads sleep before OpenMP is loaded, and leaves what the user has set."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASKED = """
import os, sys
from include.cli import __main__ as cli
from include.cli import plain_files
assert not {"numpy", "sklearn"} & set(sys.modules), "loaded before the policy is set"
plain_files.check = lambda options: print(os.environ["OMP_WAIT_POLICY"], "sklearn" in sys.modules) or sys.exit(0)
cli.main(["check", "--reference-data", "a", "--recent-data", "b"])
"""


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE"), ("passive", "passive")])
def test_policy_is_set_unless_it_is_given(given: str | None, expected: str) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment = bare if given is None else {**bare, "OMP_WAIT_POLICY": given}
    told = subprocess.run([sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [expected, "False"]
