"""Commands on versions and their history: lineage, versions, compare and audit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from include.cli.arguments import moment
from include.errors import ConfigurationError
from include.interfaces.reports.formats import AUDIT_FORMATS


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    growing = add("lineage", help="the family tree of a model's versions", description=lineage.__doc__)
    growing.set_defaults(command=lineage)
    listing = add("versions", help="a model's versions with their figures", description=versions.__doc__)
    listing.set_defaults(command=versions)
    listing.add_argument("--at", type=moment, help="only the one that was champion then")
    for parser in (growing, listing):
        parser.add_argument("model", help="name of a model")
        parser.add_argument("--json", action="store_true", help="all that is on record, as JSON")
    comparing = add("compare", help="two versions side by side", description=compare.__doc__)
    comparing.add_argument("--model", required=True, help="name of a registered model")
    comparing.add_argument("first", type=_version, help="version, such as v3")
    comparing.add_argument("second", type=_version, help="another; gains and changes are this one's on the first")
    comparing.add_argument(
        "--from", dest="start", type=moment, help="score both on rows from then on (default: the recent window)"
    )
    comparing.add_argument("--to", dest="end", type=moment, help="and before then (default: now)")
    comparing.add_argument("--json", action="store_true", help="as JSON")
    comparing.set_defaults(command=compare)
    auditing = add("audit", help="who did what, when, why, on which data", description=audit.__doc__)
    auditing.add_argument("--from", dest="start", type=moment, required=True, help="first moment of the period")
    auditing.add_argument("--to", dest="end", type=moment, required=True, help="its end, excluded")
    auditing.add_argument("--model", default="", help="name of a model (default: all)")
    auditing.add_argument("--format", default="text", choices=AUDIT_FORMATS, help="default: %(default)s")
    auditing.add_argument("--out", type=Path, help="file to write (default: the terminal)")
    auditing.set_defaults(command=audit)


def lineage(options: argparse.Namespace) -> None:
    """Show which version was trained to replace which, when each was champion, and what became of it."""
    from include.interfaces.reports.lineage_text import tree, version_json
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import lineage as read_lineage

    found = read_lineage(open_deployment(), options.model)
    if options.json:
        print_json({"model_name": found.model_name, "versions": [version_json(each) for each in found.versions]})
    else:
        print("\n".join(tree(found)))


def versions(options: argparse.Namespace) -> None:
    """List a model's versions: why and on what each was trained, what it scored, and when it was champion."""
    from include.interfaces.reports.lineage_text import table, version_json
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import lineage as read_lineage

    found = read_lineage(open_deployment(), options.model)
    if options.at is not None:
        found = replace(found, versions=[each for each in found.versions if each.reigned_at(options.at)])
    if options.json:
        print_json([version_json(each) for each in found.versions])
    else:
        print("\n".join(table(found)))


def compare(options: argparse.Namespace) -> None:
    """Compare two versions: metrics, settings, data and resources on record, and both on the same labelled rows."""
    from include.interfaces.reports.comparison import comparison_text
    from include.workflow.compare import compare_versions
    from include.workflow.deployment import open_deployment

    found = compare_versions(
        open_deployment(), options.model, options.first, options.second, start=options.start, end=options.end
    )
    if options.json:
        print_json(found.to_json())
    else:
        print("\n".join(comparison_text(found)))


def audit(options: argparse.Namespace) -> None:
    """Report a period for audits: each decision that fired and how it ended, changes of champion and more."""
    from include.interfaces.reports.audit import FORMATS
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import audit as read_audit
    from include.workflow.on_record import check_known

    deployment = open_deployment()
    if options.model:
        check_known(deployment, options.model)
    text = FORMATS[options.format](read_audit(deployment, options.start, options.end, options.model))
    if options.out is None:
        print(text, end="")
    else:
        options.out.write_text(text, encoding="utf-8")
        print(options.out)


def print_json(value: object) -> None:
    """Print a value that JSON can hold."""
    print(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False))


def _version(text: str) -> int:
    from include.workflow.run_parameters import numbered_version

    try:
        return numbered_version(text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError("; ".join(error.problems)) from error
