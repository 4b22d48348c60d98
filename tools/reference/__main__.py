"""Writes the generated blocks of the pages in ``docs/``, or with ``--check`` names those that are out of date."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.layout import PROJECT_ROOT
from tools.reference.capabilities import capabilities, systems
from tools.reference.catalogues import detectors, metrics, presets, rooms, scraped, sources, trainers, triggers
from tools.reference.commands import commands
from tools.reference.model_file import fields

#: What is made, by the name that a page's mark gives: ``<!-- generated: NAME -->`` up to ``<!-- end -->``.
BLOCKS: Mapping[str, Callable[[], str]] = {
    "capabilities": capabilities,
    "commands": commands,
    "detectors": detectors,
    "fields": fields,
    "metrics": metrics,
    "presets": presets,
    "rooms": rooms,
    "scraped": scraped,
    "sources": sources,
    "systems": systems,
    "trainers": trainers,
    "triggers": triggers,
}
_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """The pages that may hold generated blocks."""
    return [PROJECT_ROOT / "README.md", *sorted((PROJECT_ROOT / "docs").glob("*.md"))]


def renewed(text: str) -> str:
    """A page with its generated blocks as the code has them now."""
    return _BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}\n{found[3]}", text)


def main() -> int:
    """Write the pages that have changed and name them; with ``--check`` write nothing, and return 1 for any."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is out of date")
    check, changed = parser.parse_args().check, 0
    for page in pages():
        old = page.read_text(encoding="utf-8")
        new = renewed(old)
        if new == old:
            continue
        changed += 1
        said = "is out of date: run make docs" if check else "written"
        sys.stdout.write(f"{page.relative_to(PROJECT_ROOT)} {said}\n")
        if not check:
            page.write_text(new, encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
