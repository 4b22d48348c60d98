"""Makes the peers' virtual environments: a few minutes and some 4 GB.

    python -m benchmarks.peers.install [--into FOLDER] [evidently nannyml alibi_detect deepchecks]

pip is used as it is configured here. A peer that is there already is left alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers import DEFAULT_FOLDER, REQUIREMENTS


def install(folder: Path, peer: str) -> None:
    """Make the environment of `peer` in `folder`, unless its installation was completed before."""
    home, wanted = folder / peer, "\n".join(REQUIREMENTS[peer])
    stamp = home / "installed.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        print(f"{peer}: is there")
        return
    venv.create(home, with_pip=True, clear=True)
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *REQUIREMENTS[peer]], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    print(f"{peer}: installed", flush=True)


def main() -> int:
    """Install the peers named, by default all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("peers", nargs="*", default=list(REQUIREMENTS), metavar="PEER")
    options = parser.parse_args()
    unknown = sorted(set(options.peers) - set(REQUIREMENTS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(REQUIREMENTS)}")
    for peer in options.peers:
        install(options.into, peer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
