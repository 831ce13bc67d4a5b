"""Folds and seeds as scikit-learn users give them, for the package's own cross-validation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from sparsekin.errors import SparsekinError

_NAMES = {"folds": "cv", "rng": "random_state", "which": "choose"}
_NAMED = re.compile(r"\b(folds|rng|which)\b(?= ?=)|^folds\b(?= (?:must|holds))|(?<=set )folds\b(?= to)")


def folds_of(cv: Any) -> Any:
    """A number of folds or a splitter as they are; of pairs of training and test rows, a splitter."""
    return cv if isinstance(cv, Integral) or hasattr(cv, "split") else check_cv(cv)


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
