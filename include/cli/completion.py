"""The command completion: a script that has a shell complete commands, flags and their values."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from include.cli.answer import Answer
from include.cli.flags import Add

SHELLS = ("bash", "zsh", "fish")
NAME = "retraining"  # what the command line is called in the shell, as `python -m include.cli` is no word


@dataclass(frozen=True, kw_only=True)
class _Command:
    """What a command takes: its flags, those with a value, and what may follow a flag or stand alone."""

    told: str
    flags: tuple[str, ...]
    valued: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    words: tuple[str, ...]


def add_commands(add: Add) -> None:
    """Describe the command and its flags; `add` adds one by its name."""
    parser = add("completion", help="a script that has a shell complete commands", description=completion.__doc__)
    parser.add_argument("shell", choices=SHELLS, help="which shell")
    parser.set_defaults(command=completion)


def completion(options: argparse.Namespace) -> Answer:
    """Print a script that defines `retraining`, short for `python -m include.cli`, and completes what follows it.

    For bash and zsh: ``source <(python -m include.cli completion bash)``; for fish pipe it into source.
    """
    from include.cli.__main__ import make_parser

    commands = {name: _command(parser, told) for name, parser, told in _parsers(make_parser())}
    lines = list(_fish(commands) if options.shell == "fish" else _bash(commands, options.shell))
    return Answer(document={"shell": options.shell, "script": "\n".join(lines)}, lines=lines)


def _parsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    found = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    helps = {each.dest: each.help or "" for each in found._choices_actions}
    yield from ((name, made, helps.get(name, "")) for name, made in found.choices.items())


def _command(parser: argparse.ArgumentParser, told: str) -> _Command:
    flags = [(flag, each) for each in parser._actions for flag in each.option_strings if flag.startswith("--")]
    alone = [each for each in parser._actions if not each.option_strings and each.choices]
    return _Command(
        told=told, flags=tuple(flag for flag, _ in flags),
        valued=tuple(flag for flag, each in flags if each.nargs != 0),
        choices={flag: _words(each) for flag, each in flags if each.choices},
        words=tuple(word for each in alone for word in _words(each)),
    )  # fmt: skip


def _words(action: argparse.Action) -> tuple[str, ...]:
    return tuple(str(each) for each in action.choices or () if str(each).strip())


def _bash(commands: Mapping[str, _Command], shell: str) -> Iterator[str]:
    """The script of bash, which zsh reads, too."""
    if shell == "zsh":
        yield "autoload -U +X compinit && compinit -u; autoload -U +X bashcompinit && bashcompinit"
    yield f'{NAME}() {{ "${{RETRAINING_PYTHON:-python}}" -m include.cli "$@"; }}'
    yield f"_{NAME}() {{"
    yield '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""'
    yield '  if [ "$COMP_CWORD" -eq 1 ]; then words=' + shlex.quote(" ".join(commands)) + "; else"
    yield '  case "${COMP_WORDS[1]} $before" in'
    for name, each in commands.items():
        for flag, choices in each.choices.items():
            yield f"    {shlex.quote(f'{name} {flag}')}) words={shlex.quote(' '.join(choices))} ;;"
        free = [shlex.quote(f"{name} {flag}") for flag in each.valued if flag not in each.choices]
        if free:
            yield f'    {"|".join(free)}) COMPREPLY=($(compgen -f -- "$word")); return ;;'
    yield '    *) case "${COMP_WORDS[1]}" in'
    for name, each in commands.items():
        yield f"      {shlex.quote(name)}) words={shlex.quote(' '.join((*each.flags, *each.words)))} ;;"
    yield "    esac ;;"
    yield "  esac; fi"
    yield '  COMPREPLY=($(compgen -W "$words" -- "$word"))'
    yield "}"
    yield f"complete -o default -F _{NAME} {NAME}"


def _fish(commands: Mapping[str, _Command]) -> Iterator[str]:
    yield f"function {NAME}"
    yield "    set -q RETRAINING_PYTHON; or set -l RETRAINING_PYTHON python"
    yield "    $RETRAINING_PYTHON -m include.cli $argv"
    yield "end"
    start = f"complete -c {NAME}"
    for name, each in commands.items():
        yield f"{start} -n __fish_use_subcommand -f -a {shlex.quote(name)} -d {shlex.quote(each.told)}"
        there = f"-n {shlex.quote(f'__fish_seen_subcommand_from {name}')}"
        for flag in each.flags:
            value = f" -x -a {shlex.quote(' '.join(each.choices[flag]))}" if flag in each.choices else ""
            value = value or (" -r" if flag in each.valued else "")
            yield f"{start} {there} -l {flag.removeprefix('--')}{value}"
        if each.words:
            yield f"{start} {there} -f -a {shlex.quote(' '.join(each.words))}"
