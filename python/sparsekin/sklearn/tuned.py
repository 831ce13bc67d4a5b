"""Folds and seeds as scikit-learn users give them, for the package's own cross-validation."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from sparsekin.errors import OptionError, SparsekinError

_NAMES = {"folds": "cv", "rng": "random_state", "which": "choose"}
_NAMED = re.compile(r"\b(folds|rng|which)\b(?= ?=)|^folds\b(?= (?:must|holds))|(?<=set )folds\b(?= to)")


def folds_of(cv: Any) -> Any:
    """A number of folds, a splitter or the fold of each row as they are; of pairs of training and test rows a splitter.

    Raises
    ------
    OptionError
        It is nothing of these.
    """
    if cv is None:
        return check_cv(cv)
    if isinstance(cv, Integral) or (hasattr(cv, "split") and not isinstance(cv, str | bytes)):
        return cv
    several = isinstance(cv, Iterable) and not isinstance(cv, str | bytes | Mapping) and getattr(cv, "ndim", 1) > 0
    parts = list(cv) if several else []
    if parts and all(map(_is_pair, parts)):
        return check_cv(parts)
    if parts and (hasattr(cv, "__array__") or all(isinstance(part, Integral) for part in parts)):
        return cv
    raise OptionError(
        f"cv = {reprlib.repr(cv)} is neither a number of folds, a splitter of scikit-learn, a list of pairs (training "
        "rows, test rows), nor the fold of each row."
    )


def _is_pair(part: Any) -> bool:
    """Whether a part holds two vectors."""
    return isinstance(part, Sequence | np.ndarray) and len(part) == 2 and all(np.ndim(rows) == 1 for rows in part)


def rng_of(random_state: Any) -> Any:
    """A seed as it is, None too; one drawn from a `RandomState`."""
    if not isinstance(random_state, np.random.RandomState):
        return random_state
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


@contextmanager
def own_words() -> Iterator[None]:
    """Errors of the models name the parameters of the estimators."""
    try:
        yield
    except SparsekinError as error:
        raise type(error)(_NAMED.sub(lambda found: _NAMES[found[0]], str(error))) from error
