"""What pages and docstrings name, and whether it is there."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from include.cli.__main__ import make_parser
from tools.layout import PROJECT_ROOT
from tools.reference.__main__ import pages
from tools.reference.commands import flags_of, known_commands

README = PROJECT_ROOT / "README.md"
PAGES = pages()
LETTERS = [*PAGES, *sorted((PROJECT_ROOT / "docs" / "adr").glob("*.md"))]
ROOTS = ("include", "dags", "plugins", "tools", "benchmarks", "tests", "sql", "docs")
SOURCES = sorted(
    file
    for root in ("include", "dags", "plugins", "tools", "benchmarks")
    for file in (PROJECT_ROOT / root).rglob("*.py")
)
MOST_LINES = 120

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(rf"(?<![\w./-])((?:{'|'.join(ROOTS)})/[\w./-]*)")
DOTTED = re.compile(r"(?<![\w./-])include(?:\.\w+)+")
CODE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STANDS_FOR = re.compile(r"\bNAME\b|\bMODEL\b")  # something that the reader fills in


def ident(path: Path) -> str:
    return str(path.relative_to(PROJECT_ROOT))


def code(page: Path, language: str) -> list[str]:
    return [text for found, text in CODE.findall(page.read_text(encoding="utf-8")) if found == language]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path, text: str) -> list[str]:
    wrong = []
    for target in LINK.findall(text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            wrong.append(target)
    return wrong


def missing_files(text: str) -> list[str]:
    """Paths of this repository that the text names, and that are not there."""
    found = (path.rstrip("./") for path in FILE.findall(text))
    return [path for path in found if not STANDS_FOR.search(path) and not (PROJECT_ROOT / path).exists()]


def missing_names(text: str) -> list[str]:
    """Dotted names below ``include`` that the text names, and that are no module and nothing in one."""
    return [name for name in DOTTED.findall(text) if not is_there(name.split("."))]


def is_there(parts: list[str]) -> bool:
    folder = PROJECT_ROOT
    for number, part in enumerate(parts):
        if (folder / part).is_dir():
            folder = folder / part
            continue
        rest, file = parts[number + 1 :], folder / f"{part}.py"
        if not file.exists():
            file, rest = folder / "__init__.py", parts[number:]
        return not rest or (file.exists() and defines(file, rest))
    return True


def defines(file: Path, names: list[str]) -> bool:
    """Whether a module has that name, or its class that member; a name that is imported there is looked for at home."""
    module = ast.parse(file.read_text(encoding="utf-8")).body
    body = [each for one in module for each in (one.body if isinstance(one, ast.If) else [one])]
    for number, name in enumerate(names):
        found = next((each for each in body if name in names_of(each)), None)
        if isinstance(found, ast.ImportFrom):
            return is_there([*(found.module or "").split("."), *names[number:]])
        if found is None:
            return False
        body = getattr(found, "body", [])
    return True


def names_of(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {each.asname or each.name for each in names}
        case ast.Assign(targets=targets):
            return {each.id for each in targets if isinstance(each, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def sentences(file: Path) -> Iterator[str]:
    """Every text in a module: docstrings, the sentences below fields, messages."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each ``python -m`` in shell code, and of what ``make cli`` is given."""
    whole = text.replace("\\\n", " ")
    for line in re.findall(r"python -m ([^\n`#;|]+)", whole):
        yield shlex.split(line.split("&&")[0])
    for line in re.findall(r'make cli ARGS="([^"]+)"', whole):
        yield ["include.cli", *shlex.split(line)]


def wrong_commands(text: str) -> list[str]:
    """What the text has be run that is not there: modules, commands and flags."""
    wrong = []
    for module, *words in command_lines(text):
        name = module.rstrip(".,:")
        if name.split(".")[0] in ROOTS and not is_module(name):
            wrong.append(module)
        if name == "include.cli" and words:
            wrong += wrong_words(words)
    return wrong


def refused_lines(text: str) -> list[str]:
    """The command lines of shell code that argparse does not take."""
    return [" ".join(words) for words in command_lines(text) if words[0] == "include.cli" and not is_taken(words[1:])]


def is_taken(words: list[str]) -> bool:
    try:
        make_parser().parse_args(words)
    except SystemExit:
        return False
    return True


def is_module(name: str) -> bool:
    place = PROJECT_ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__main__.py").exists()


def wrong_words(words: list[str]) -> list[str]:
    commands = known_commands()
    if words[0] == "COMMAND":
        return []
    if words[0] not in commands:
        return [words[0]]
    known = {flag for action in flags_of(commands[words[0]]) for flag in action.option_strings}
    return [word for word in words[1:] if word.startswith("--") and word not in known]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
