"""The files that deploy: docker-compose.yaml, its example of an environment, values of the chart."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tools.layout import PROJECT_ROOT


@pytest.fixture(scope="package")
def compose_text() -> str:
    return (PROJECT_ROOT / "docker-compose.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="package")
def compose(compose_text: str) -> dict[str, Any]:
    made = yaml.safe_load(compose_text)
    assert isinstance(made, dict)
    return made


@pytest.fixture(scope="package")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return dict(compose["services"])


@pytest.fixture(scope="package")
def example() -> dict[str, str]:
    """The variables of .env.example and what they are set to."""
    text = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE))


@pytest.fixture(scope="package")
def values() -> dict[str, Any]:
    made = yaml.safe_load((PROJECT_ROOT / "docs" / "deploying" / "values.yaml").read_text(encoding="utf-8"))
    assert isinstance(made, dict)
    return made
