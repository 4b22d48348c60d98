"""What comes before decimals in the columns of a table: a comma or a dot, by the cells themselves or by its owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.data.kinds.numbers import MOSTLY, Written
from include.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is known of how a table's numbers are written.

    Parameters
    ----------
    decimal, thousands : str or None
        What its owner says; an empty `thousands` is that there are none.
    commas, dots : bool
        Whether decimals come after a comma, and after a dot, in columns that are numbers already.
    where : str
        What the table is, for errors.
    way_out : str
        What is to be done where it cannot be told; by default it is to be said in the model file.
    """

    decimal: str | None = None
    thousands: str | None = None
    commas: bool = False
    dots: bool = False
    where: str = ""
    way_out: str = ""


def decimals_of(columns: Mapping[str, Written], said: Said) -> dict[str, str]:
    """What comes before decimals in each column of text that holds numbers: by its own cells, else by the table's.

    Raises
    ------
    DataError
        When cells such as ``1,234`` may be one thousand or one, and no other cell of the table says which, or other
        columns are written in both ways.
    """
    numbers = {name: each for name, each in columns.items() if each.numbers}
    own = {name: each.decimal for name, each in numbers.items()}
    for name, each in numbers.items():
        if each.has_decimal_comma and each.has_grouping_comma:
            raise DataError(
                f"{said.where}: column {name!r} has a comma before decimals in some cells and between thousands in "
                f"others, such as {each.example!r}; deliver it as numbers"
            )
    commas, dots = said.commas or "," in own.values(), said.dots or "." in own.values()
    usual = said.decimal or {",": ".", ".": ","}.get(said.thousands or "")
    if usual is None and commas != dots:
        usual = "," if commas else "."
    for name, each in numbers.items():
        if own[name]:
            continue
        unsure = each.example if each.comma_of_three else each.dot_example if commas else ""
        if usual is None and unsure and said.thousands != "":
            settings = "source.decimal: ','" if each.comma_of_three else "source.thousands: ''"
            settings += f" or source.thousands: {',' if each.comma_of_three else '.'!r}"
            raise DataError(
                f"{said.where}: column {name!r}: {unsure!r} may be a decimal number or thousands, and "
                f"{'other columns have both' if commas else 'no other cell tells which'}; "
                + (said.way_out or f"say {settings}")
            )
        own[name] = usual or ("," if each.comma_of_three else ".")
    return own


def told_of(columns: Mapping[str, Written], decimals: Mapping[str, str], *, said: bool = False) -> list[str]:
    """What is to be said of several marks, odd cells among codes, mixed columns, and of what other columns decided.

    `said` is whether the source's owner names a separator.
    """
    told = [
        f"numbers of {name} have several marks, such as {' and '.join(list(each.marked)[:2])}, and are taken for names"
        for name, each in columns.items()
        if len(each.marked) > 1 and each.all_marked
    ]
    told += [
        f"{name} holds whole numbers from 2^53 on, which floats could not tell apart, and stays text with {each.odd:,} "
        f"cell{'s' * (each.odd != 1)} of another kind{f', such as {each.odd_example!r}' * bool(each.odd_example)}: "
        "write all of it as text, with all digits"
        for name, each in columns.items()
        if each.codes and each.odd
    ]
    told += [
        f"some numbers of {name} have a mark ({' or '.join(list(each.marked)[:2])}) and others have none: they are no "
        "one quantity, and are taken for names; deliver them in one way"
        for name, each in columns.items()
        if each.marked and not each.all_marked and each.known >= MOSTLY * each.filled
    ]
    told += [
        f"cells of {name} hold a number beside other text, such as {each.beside_text!r}, and are taken for names: "
        "deliver the number alone, in one unit"
        for name, each in columns.items()
        if each.beside_text and each.known < MOSTLY * each.meant
    ]
    if names := ", ".join(sorted(name for name in decimals if columns[name].mixed)):
        told.append(f"decimals of {names} come after a comma in some cells and after a dot in others")
    for name, decimal in decimals.items():
        each = columns[name]
        if said or each.decimal:
            continue
        sign, example = ("commas", each.example) if decimal == "." else ("dots", each.dot_example)
        if example and (each.comma_of_three if decimal == "." else each.dot_of_three):
            told.append(
                f"{sign} of {name} ({example!r}) are taken for those between thousands (source.thousands), as other "
                "columns are written"
            )
    return told
