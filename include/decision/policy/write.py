"""Trees of triggers as `include.decision.policy.read` reads them."""

from __future__ import annotations

from typing import Any

from include.decision.evidence import Trigger
from include.decision.policy.catalogue import entry_of


def write_tree(trigger: Trigger | None) -> Any:
    """Write a tree so that `read_tree` reads the same one; None as None.

    >>> from include.decision.policy.read import read_tree
    >>> write_tree(read_tree({"all": ["performance", {"data_volume": "20%"}]}))
    {'all': ['performance', {'data_volume': '20%'}]}
    """
    if trigger is None:
        return None
    entry = entry_of(trigger)
    if entry is None:
        raise ValueError(f"a {type(trigger).__name__} cannot be written in a model file")
    return entry.write(trigger, write_tree)
