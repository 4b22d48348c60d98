"""The field `classes`: how each class is spelled in labels and predictions."""

from __future__ import annotations

from include.scoring.classes import form_of, spelled_out


def read_classes(given: object) -> object:
    """Names of classes with all their spellings, as text, from what a YAML file holds.

    A bare yes, no, on or off is a boolean to YAML: it stands for the word as well as for true or false, unless another
    class is given that word.

    Raises
    ------
    ValueError
        When one spelling is given to two classes.
    """
    if not isinstance(given, dict):
        return given  # the type is checked afterwards
    owners: dict[str, str] = {}
    made: dict[str, list[str]] = {}
    for key, spellings in given.items():
        cells = spellings if isinstance(spellings, list) else [spellings]
        name = spelled_out(key)[0]
        made[name] = list(dict.fromkeys(spelled_out(cell)[0] for cell in [key, *cells]))
        for spelling in made[name]:
            owner = owners.setdefault(form_of(spelling), name)
            if owner != name:
                raise ValueError(f"each spelling once: {spelling!r} is given to {owner!r} and to {name!r}")
    for key, spellings in given.items():
        cells = [key, *(spellings if isinstance(spellings, list) else [spellings])]
        words = [word for cell in cells if isinstance(cell, bool) for word in spelled_out(cell)[1:]]
        made[spelled_out(key)[0]] += [word for word in words if form_of(word) not in owners]
    return made


def as_text(value: object) -> object:
    """A class's name as YAML may hold it: a boolean, or a number, is as good as its text."""
    return spelled_out(value)[0] if isinstance(value, bool | int | float) else value
