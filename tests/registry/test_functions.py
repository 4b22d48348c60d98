"""Where the module of a callable, a measure or a probe has to go is said, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.errors import ConfigurationError
from include.registry.functions import import_function
from include.workflow.settings import PROJECT_ROOT

MODULES = {
    "good.py": "def wet(rows):\n    return rows\n\n\nLIMIT = 3\n",
    "needy.py": "import no_such_package_anywhere\n",
    "broken.py": "raise RuntimeError('no licence')\n",
    "leaving.py": "import sys\nsys.exit(3)\n",
    "wrong_syntax.py": "def (:\n",
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "/srv/shop")
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name.removesuffix(".py"), None)


def test_function_in_a_folder_of_the_import_path_is_found(modules: Path) -> None:
    assert import_function("demand", "training.callable", "good:wet")([1]) == [1]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("shop:train", ["No module named 'shop'", f"put shop.py into {PROJECT_ROOT}", "PYTHONPATH (now /srv/shop)"]),
        ("shop.models.demand:train", ["No module named 'shop'", "put shop/models/demand.py into"]),
        ("include.nowhere:train", ["No module named 'include.nowhere'", "put include/nowhere.py into"]),
        ("needy:train", ["No module named 'no_such_package_anywhere'", "it imports no_such_package_anywhere, which"]),
        ("broken:train", ["broken fails on import: RuntimeError: no licence"]),
        ("leaving:train", ["leaving fails on import: SystemExit: 3"]),
        ("wrong_syntax:train", ["wrong_syntax fails on import: SyntaxError"]),
        ("good:wett", ["'wett' is missing in", "did you mean 'wet'?", "functions there: wet"]),
        ("good:LIMIT", ["'LIMIT' is no function in"]),
        (".good:wet", ["fails on import: TypeError"]),
    ],
)
def test_what_is_wrong_is_told_with_model_field_and_place(modules: Path, place: str, told: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        import_function("demand", "training.callable", place)
    message = str(caught.value)
    for text in ["model demand: field training.callable: cannot import", place, *told]:
        assert text in message
