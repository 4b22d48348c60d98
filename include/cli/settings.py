"""Commands on settings: config, migrate."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from include.cli import flags, remote
from include.cli.answer import BAD_INPUT, DONE, NOTHING, Answer, note
from include.cli.flags import Add
from include.errors import ConfigurationError
from include.workflow.run_parameters import PRESET_NAMES
from include.workflow.settings import Settings


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    showing = flags.on_records(add, "config", "what models' policies come to", config)
    showing.add_argument("--model", action="append", help="name of a registered model; may be repeated (default: all)")
    showing.add_argument("--preset", default="", choices=["", *PRESET_NAMES], help="default: the model's own")
    showing.add_argument("--models-dir", type=Path, help="folder of model files (default: RETRAINING_MODELS_DIR)")
    migrating = add("migrate", help="bring the records database up to date", description=migrate.__doc__)
    migrating.set_defaults(command=migrate)


def config(options: argparse.Namespace) -> Answer:
    """Print what the policies of registered models come to: preset, model file and environment together.

    A model file with mistakes is told on standard error, beside the settings of the others; the exit code is 2 then.
    """
    found = _remote(options) if remote.address_of(options) else _local(options)
    for name, told in found["errors"].items():
        note(f"model {name}: {told}")
    if not found["models"] and not found["errors"]:
        return Answer(document=found, lines=["there is no model file"], code=NOTHING)
    return Answer(document=found, lines=_yaml(found["models"]), code=BAD_INPUT if found["errors"] else DONE)


def migrate(_options: argparse.Namespace) -> Answer:
    """Bring the records database to the newest schema."""
    from include.workflow.migrate import migrate_records, told_of_schema

    applied, found = list(migrate_records()), [told] if (told := told_of_schema()) else []
    done = f"applied {', '.join(applied)}" if applied else "the schema is up to date"
    return Answer(
        document={"applied": applied, "found": found}, lines=[*(f"Found: {line}" for line in found), done]
    )  # fmt: skip


def _local(options: argparse.Namespace) -> dict[str, Any]:
    from include.workflow.model_files import settings_of

    folder = options.models_dir or Settings.from_environment().models_dir
    models, errors = settings_of(folder, options.model or [], options.preset)
    return {"models": models, "errors": {name: str(error) for name, error in errors.items()}}


def _remote(options: argparse.Namespace) -> dict[str, Any]:
    if options.models_dir is not None:
        raise ConfigurationError("--models-dir", "through --url the folder is that of the server: leave it out")
    found: dict[str, Any] = remote.request(options, "GET", "/config", params={"preset": options.preset})
    if not options.model:
        return found
    told: dict[str, Any] = {"models": {}, "errors": {}}
    for name in options.model:
        if name in found["errors"]:
            told["errors"][name] = found["errors"][name]
        else:
            where = remote.path("models", name, "config")
            told["models"][name] = found["models"].get(name) or remote.request(options, "GET", where)
    return told


def _yaml(models: dict[str, Any]) -> Iterator[str]:
    import yaml

    for name, settings in models.items():
        text = yaml.safe_dump({name: settings}, sort_keys=False, allow_unicode=True, width=120)
        yield from text.rstrip("\n").split("\n")
