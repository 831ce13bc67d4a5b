"""Which of the labels known, of tasks or strata, a label means."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number

import numpy as np

from sparsekin.data.rows import Codes
from sparsekin.errors import DataError, kind_of


def find_labels(labels: Sequence[object], known: Sequence[object], what: str = "Task") -> Codes:
    """(n,) place of each label among those known, -1 where it is not one of them, or None.

    Raises
    ------
    DataError
        A label is of another type than a known one that reads the same: text '4' for the number 4.

    Examples
    --------
    >>> find_labels([4, 4.0, None, 7], [3, 4])
    array([ 1,  1, -1, -1])
    """
    place = {label: k for k, label in enumerate(known)}
    codes = np.array([place.get(label, -1) for label in labels], np.intp)
    strangers = dict.fromkeys(labels[i] for i in np.flatnonzero(codes < 0).tolist())
    read_as = {_reading(one): one for one in known} if strangers else {}
    for label in strangers:
        twin = read_as.get(_reading(label))
        if twin is not None and _kind(twin) != _kind(label):
            raise DataError(
                f"{what} {label!r} of the new rows is {_kind(label)}; the fit knows {twin!r}, which is {_kind(twin)}. "
                "Convert the labels to the type they had when fitting, for instance by "
                f"{'astype(str)' if isinstance(twin, str) else f'astype({type(twin).__name__})'}."
            )
    return codes


def _kind(label: object) -> str:
    if isinstance(label, bool | np.bool_):
        return "true or false"
    if isinstance(label, str):
        return "text"
    return "a number" if isinstance(label, Number | np.number) else kind_of(label)


def _reading(label: object) -> str:
    """What a label says, whatever its type."""
    text = str(label).strip()
    try:
        return f"{float(text):.17g}"
    except ValueError:
        return text.removesuffix(" 00:00:00")
