"""Lists of names, short enough to read; counts of things; numbers of rows."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import SupportsIndex


def shorten(names: Iterable[object], limit: int = 8) -> str:
    """The first `limit` names joined by commas, and how many more there are.

    Examples
    --------
    >>> shorten(["a", "b", "c", "d"], limit=2)
    'a, b and 2 more'
    """
    listed = [str(name) for name in names]
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest} more" if rest > 0 else "")


def counted(n: int, one: str) -> str:
    """How many there are, with the word in the right number.

    Examples
    --------
    >>> counted(1, "setting"), counted(2, "setting")
    ('1 setting', '2 settings')
    """
    return f"{n} {one}{'s' * (n != 1)}"


def row_number(i: SupportsIndex, what: str) -> int:
    """The number of a row as a plain int.

    Raises
    ------
    TypeError
        It is no whole number.
    """
    try:
        return operator.index(i)
    except TypeError:
        raise TypeError(f"{what} are numbered 0, 1, 2, ...; {i!r} is no whole number. at() takes values.") from None
