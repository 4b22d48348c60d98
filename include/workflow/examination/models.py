"""The model files, what they need to train, and the connections that they name."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from include.data.named_columns import ineffective
from include.data.sources.environment import connection_variable
from include.decision.decision import Severity
from include.errors import ConfigurationError, did_you_mean
from include.records.entries.examination import Finding, NotLookedAt, Seen, Told
from include.registry.loader import ENVIRONMENT, environment
from include.registry.model_files import name_of, printable
from include.registry.spec import ModelSpec
from include.registry.training import Script
from include.workflow.deployment import CONNECTION
from include.workflow.examination.subject import Subject
from include.workflow.renamed import former_names, told_of_name, way_on

SHOWN = 20  # findings of a kind that are told one by one
_PROGRAMS = (".py", ".sh", ".r", ".R", ".jl")  # how the file of a script ends that an interpreter runs


def files(subject: Subject) -> Iterator[Told]:
    """Model files that cannot be read."""
    try:
        found, wrong, left = subject.read_files
    except ConfigurationError as error:
        yield Finding(subject=error.where, told="; ".join(error.problems), way_out=f"correct {error.where}",
                      severity=Severity.HIGH)  # fmt: skip
        return
    yield from _mistaken_environment(found.values())
    for file, why in wrong.items():
        yield Finding(
            subject=name_of(file), severity=Severity.HIGH,
            told=f"its model file {printable(file.name)} cannot be used: {why}",
            way_out=f"correct the file; python -m include.cli validate {shlex.quote(name_of(file))} says whether it is "
            "right",
        )  # fmt: skip
    if left:
        yield NotLookedAt(why=f"{left} of {len(subject.files)} model files: there was no time; --deep reads all")
    if not subject.files:
        yield Finding(
            subject="RETRAINING_MODELS_DIR", told=f"there is no model file in {subject.deployment.models_dir}",
            way_out="python -m include.cli init writes the first one, or correct the variable", severity=Severity.HIGH,
        )  # fmt: skip
    yield Seen(told=f"{len(found)} of {len(found) + len(wrong)} model files can be read")


def _mistaken_environment(specs: Collection[ModelSpec]) -> Iterator[Told]:
    """A name of the environment that no model file has, and that is nearly one that they have."""
    here, there = environment(), sorted({name for spec in specs for name in spec.environments})
    if not here or here in there:
        return
    short = (f"; did you mean {name!r}?" for name in there if name.startswith(here) or here.startswith(name))
    if meant := did_you_mean(here, there) or next(short, ""):
        yield Finding(
            subject=ENVIRONMENT, severity=Severity.MEDIUM, told=f"is {here!r}, which no model file has under "
            f"`environments`{meant} Nothing of what they have there is in force",
            way_out=f"correct the variable, for scheduler, workers and commands alike; they have: {', '.join(there)}",
        )  # fmt: skip


def trainers(subject: Subject) -> Iterator[Told]:
    """Scripts, interpreters and functions that train, or answer for, a model."""
    found, _, left = subject.read_files
    gone = 0
    for name, spec in found.items():
        for missing in _missing(spec):
            gone += 1
            yield Finding(
                subject=name, told=f"what trains it is gone: {missing}", severity=Severity.HIGH,
                way_out="bring it back on every worker, or correct `training` in the model file",
            )  # fmt: skip
    if left:
        yield NotLookedAt(why=f"what {left} models are trained by: there was no time to read their files")
    yield Seen(told=f"what {len(found)} models are trained by; {gone} of it is gone")


def _missing(spec: ModelSpec) -> Iterator[str]:
    training = spec.training
    if training.callable is not None:
        module = training.callable.partition(":")[0]
        if not _importable(module):
            yield f"module {module} of training.callable cannot be found"
    if training.script is not None:
        yield from missing_of(training.script)


def missing_of(script: Script) -> Iterator[str]:
    """What a script needs and this machine does not have: its folder, its programs, its files."""
    if script.folder is not None and not script.folder.is_dir():
        yield f"the folder {script.folder}"
        return
    for command in filter(None, (script.command, script.predict_command)):
        program, *arguments = command
        if _program(program, script.folder) is None:
            yield f"the program {program}"
        for argument in arguments:
            place = Path(argument) if script.folder is None else script.folder / argument
            if argument.endswith(_PROGRAMS) and not place.is_file():
                yield f"the file {place}"


def _program(name: str, folder: Path | None) -> str | None:
    if "/" in name and folder is not None and not Path(name).is_absolute():
        return shutil.which(str(folder / name))
    return shutil.which(name)


def named_columns(subject: Subject) -> Iterator[Told]:
    """What the model file says of columns that no champion has: a limit under a wrong name limits nothing."""
    store, found, looked = subject.deployment.store, subject.read_files[0], 0
    asked = [name for name, spec in found.items() if spec.range or spec.columns]
    for name in subject.in_time(asked):
        looked += 1
        champion = store.champion(name)
        reference = None if champion is None else store.reference(name, champion.version)
        for told in () if reference is None else ineffective(found[name], reference.inputs):
            yield Finding(
                subject=name, told=f"{told}: the champion has not learnt from it, and no other field names it",
                way_out=f"correct the name in the model file, or take it out; validate {name} looks at the rows",
                severity=Severity.MEDIUM,
            )  # fmt: skip
    if looked < len(asked):
        yield NotLookedAt(why=f"columns that {len(asked) - looked} model files name: there was no time")
    yield Seen(told=f"what {looked} model files say of single columns")


def renamed(subject: Subject) -> Iterator[Told]:
    """Models that begin anew under another name, while the champion of their rows is on record under the old one."""
    found, _, left = subject.read_files
    files = [name_of(file) for file in subject.files]
    for spec, old in former_names(subject.deployment.store, found.values(), files):
        yield Finding(
            subject=spec.name, told=told_of_name(spec.name, old), severity=Severity.MEDIUM,
            way_out=f"rename the file back to {old}.yaml; or, to go on as {spec.name}: {way_on(spec.name, old)}",
        )  # fmt: skip
    if left:
        yield NotLookedAt(why=f"whether {left} models had another name: there was no time to read their files")
    yield Seen(told=f"whether {len(found)} model files are those of models with another name")


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a package above it is missing, or is none
        return False


def connections(subject: Subject) -> Iterator[Told]:
    """Connections that are named and not there."""
    needed = _needed(subject)
    if subject.surroundings is not None:
        unknown, known = [], subject.surroundings.has_connection
        missing = [name for name in needed if not known(name)]
    else:
        held = subject.settings.held
        missing, unknown = [], [name for name in needed if connection_variable(name) not in held]
    for name in missing:
        yield Finding(
            subject=f"connection {name}", told=f"Airflow has none of that name; {needed[name]} needs it",
            way_out=f"airflow connections add {name} …, or set {connection_variable(name)}", severity=Severity.HIGH,
        )  # fmt: skip
    if unknown:
        yield NotLookedAt(why=f"connections {', '.join(unknown[:SHOWN])}: {subject.unasked}")
    yield Seen(told=f"{len(needed)} connections are named")


def _needed(subject: Subject) -> dict[str, str]:
    """Connections by name, and who names each."""
    found = {CONNECTION: "every run"} | dict(subject.settings.named)
    for name, spec in subject.read_files[0].items():
        if wanted := getattr(spec.source, "connection", ""):
            found.setdefault(wanted, f"the source of {name}")
    return found
