"""Lists of names, short enough to read."""

from __future__ import annotations

from collections.abc import Iterable


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
