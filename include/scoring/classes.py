"""One coding of classes: labels, predictions and what a champion knows say the same class by the same name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from include.errors import DataError
from include.scoring.spelling import plain_name

TRUE, FALSE = "true", "false"
SHOWN = 10  # classes that a message lists
OTHER_CODING = (
    0.1  # share of the labels never predicted, and of the predictions never a label, from which on they are one
)

_WHOLE = re.compile(r"([+-]?)(0|[1-9][0-9]*)(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?(\d*\.\d*[1-9]\d*(e[+-]?\d+)?|[1-9](\.\d+)?e-\d+)")
_WORDS = {TRUE: "True", FALSE: "False"}
_DIGITS = {TRUE: "1", FALSE: "0"}
_YAML_WORDS = {TRUE: ("yes", "on"), FALSE: ("no", "off")}  # what YAML reads as a boolean besides true and false


def form_of(spelling: str) -> str:
    """What all spellings of a class have in common: its looks (`plain_name`), true for any capitals, 3 for 3.0.

    >>> [form_of(each) for each in ("TRUE", " 3.0", "03", "Setosa ")]
    ['true', '3', '03', 'Setosa']
    """
    text = plain_name(spelling)
    if text.casefold() in _WORDS:
        return text.casefold()
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return text
    return whole[2] if whole[1] != "-" or whole[2] == "0" else f"-{whole[2]}"


@dataclass(frozen=True, kw_only=True)
class ClassCoding:
    """Brings spellings of classes into one: each class goes by one name.

    A name that is known goes before all others; then any spelling of the same form (`form_of`) is the same class. Where
    the classes are two that can be true and false, the words and the numbers 1 and 0 are the same two.

    Parameters
    ----------
    exact : frozenset of str
        Names that stay what they are, to the letter.
    names : mapping of str to str
        The name that each form goes by.
    declared : mapping of str to str
        The same as the model file says it: it goes before `exact`.

    Examples
    --------
    >>> coding = ClassCoding.of(labels=["True", "False"])
    >>> [coding.name(each) for each in ("1", "0.0", "TRUE", "unknown")]
    ['True', 'False', 'True', 'unknown']
    """

    exact: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, *, known: Iterable[str] = (), labels: Iterable[str] = (),
        declared: Mapping[str, Sequence[str]] | None = None,
    ) -> ClassCoding:  # fmt: skip
        """The coding of a model.

        Parameters
        ----------
        known : iterable of str
            Names that the champion knows classes by: they are kept as they are spelled.
        labels : iterable of str
            Spellings of labels, which count where nothing else says how a class is spelled.
        declared : mapping of str to sequence of str, optional
            Names of classes, and what else each is spelled as (`classes` in a model file).
        """
        exact = tuple(known)
        names: dict[str, str] = {}
        for name in exact:
            names.setdefault(form_of(name), name)
        said: dict[str, str] = {}
        for name, spellings in (declared or {}).items():
            forms = [form_of(each) for each in (name, *spellings)]
            chosen = next((names[form] for form in forms if form in names), name)
            said.update(dict.fromkeys(forms, chosen))
        names.update(said)
        names.update(_as_booleans(names))
        for label in labels:
            form = form_of(label)
            names.setdefault(form, _WORDS.get(form, form))
        names.update(_as_booleans(names))
        return cls(exact=frozenset(exact), names=names, declared=said)

    def name(self, spelling: str) -> str:
        """The name of the class that `spelling` stands for; of an unknown one its own, as it looks."""
        form = form_of(spelling)
        if form in self.declared:
            return self.declared[form]
        if spelling in self.exact:
            return spelling
        return self.names.get(form) or _WORDS.get(form, form)

    def positive(self, spelling: str, classes: Iterable[str]) -> str:
        """The one of `classes` that a field such as `positive_class` means; YAML reads a bare yes as true."""
        known = set(classes)
        found = self.name(spelling)
        if found not in known:
            words = _YAML_WORDS.get(form_of(spelling), ())
            found = next((name for name in sorted(known) if name.strip().casefold() in words), found)
        return found


def disjoint(one: Iterable[str], other: Iterable[str]) -> str:
    """For a message, both lists of classes, where the two share none; else, or where one is empty, an empty text."""
    first, second = set(one), set(other)
    return f"{listed(first)} against {listed(second)}" if first and second and not first & second else ""


def two_spellings(
    labels: Mapping[str, int], predicted: Mapping[str, int], known: Collection[str] = (), *, either: bool = False
) -> str:
    """For a message, predictions of a class that no label is of beside labels that are never predicted, as -1 and 0.

    Empty where one of the two is rare, or what is predicted is a class that is `known`; with `either` only where all of
    those labels are known, too.
    """
    foreign = {name: rows for name, rows in predicted.items() if name not in labels}
    lacking = {name: rows for name, rows in labels.items() if name not in predicted}
    strange, new = ({name: rows for name, rows in each.items() if name not in known} for each in (foreign, lacking))
    pairs = [(strange, lacking), (foreign, new)] if either else [(strange, lacking)]
    for guessed, told in pairs:
        if min(_share(guessed, predicted), _share(told, labels)) >= OTHER_CODING:
            return (
                f"predictions of {listed(guessed)} are of a class that no label is of, and labels of {listed(told)} "
                "are never predicted: this looks like one class in two spellings"
            )
    return ""


def refuse_probabilities(labels: Collection[str], predicted: Mapping[str, int], where: str) -> None:
    """Refuse predictions of which more than a few are numbers with decimals, where no class is one: probabilities."""
    decimal = {name: rows for name, rows in predicted.items() if _DECIMAL.fullmatch(name) and name not in labels}
    if labels and _share(decimal, predicted) >= OTHER_CODING and not any(_DECIMAL.fullmatch(name) for name in labels):
        raise DataError(
            f"{where}: predictions such as {min(decimal)!r} are no classes but probabilities or scores; "
            f"give the class that was predicted, one of {listed(labels)}; probabilities are a column of their own "
            "(`probability`)"
        )


def _share(part: Mapping[str, int], whole: Mapping[str, int]) -> float:
    return sum(part.values()) / max(sum(whole.values()), 1)


def listed(classes: Iterable[str]) -> str:
    """The classes in order, for a message; of many the first."""
    found = sorted(set(classes))
    shown = ", ".join(repr(name) for name in found[:SHOWN])
    return shown if len(found) <= SHOWN else f"{shown} and {len(found) - SHOWN} more"


def spelled_out(value: object) -> list[str]:
    """The spellings that a value of a YAML file stands for: a bare yes is read as true, so that true is both."""
    if isinstance(value, bool):
        form = TRUE if value else FALSE
        return [_WORDS[form], *_YAML_WORDS[form], *(word.title() for word in _YAML_WORDS[form])]
    return [str(value)]


def _as_booleans(names: Mapping[str, str]) -> dict[str, str]:
    """Names of true, false, 1 and 0 where the classes are two that can be true and false; else nothing."""
    words, numbers = names.keys() & _WORDS.keys(), {form for form in names if _WHOLE.fullmatch(form)}
    rest = names.keys() - words - numbers
    told = words or numbers
    if not told or numbers - {"0", "1"} or (rest and len(told) < 2):
        return {}
    usual = _WORDS if words else _DIGITS
    found = {}
    for word, digit in _DIGITS.items():
        name = names.get(word) or names.get(digit) or usual[word]
        found.update({word: name, digit: name})
    return found
