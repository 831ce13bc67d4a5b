"""The losses by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import DataError
from sparsekin.losses.base import Loss, counted, exp
from sparsekin.losses.binomial import binomial, check_binomial
from sparsekin.losses.cox import cox
from sparsekin.losses.event_times import check_cox
from sparsekin.losses.gaussian import check_gaussian, gaussian
from sparsekin.losses.occurrences import occurrences
from sparsekin.losses.poisson import check_poisson, poisson

_ROWS = {"gaussian": gaussian, "binomial": binomial, "poisson": poisson}
_INVERSES: dict[str, Callable[[Floats], Floats]] = {
    "gaussian": lambda eta: eta,
    "binomial": lambda eta: np.asarray(expit(eta)),
    "poisson": exp,
    "cox": exp,
}
_CHECKS = {"gaussian": check_gaussian, "binomial": check_binomial, "poisson": check_poisson, "cox": check_cox}


def make_loss(
    family: str,
    y: Floats,
    weights: Floats | None = None,
    offset: Floats | None = None,
    factor: float = 1.0,
    strata: Ints | None = None,
    ties: str = "efron",
) -> Loss:
    """The loss of one task.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson", "cox"}
    y : (n,), or (n, 2) of successes and failures, (n, 2) of time and status, (n, 3) of start, stop and status
    weights : (n,), optional
        At least 0.
    offset : (n,), optional
    factor : float, optional
        Of the whole loss.
    strata : (n,) int from 0 on, optional
        Of cox, rows with a baseline hazard of their own.
    ties : {"efron", "breslow"}
    """
    if family == "cox":
        return cox(y, weights, offset, factor, strata, ties)
    return _ROWS[family](y, weights, offset, factor)


def inverse_link(family: str, eta: Floats) -> Floats:
    """What eta stands for: the mean; of cox the risk beside that of eta = 0."""
    return _INVERSES[family](eta)


def check_outcome(family: str, y: Floats, weights: Floats | None, task: object, *, alone: bool = False) -> None:
    """Refuse what cannot be an outcome of a family; rows of weight 0 do not matter.

    Of a task that is to be fitted both outcomes, or an event, must be there; rows that are judged, or one of them, may
    stand `alone`.

    Raises
    ------
    DataError
        In the name of the task: what was seen and what was expected.
    """
    _CHECKS[family](np.asarray(y, float), weights, task)
    if not alone:
        _check_events(family, np.asarray(y, float), weights, task)


def _check_events(family: str, y: Floats, weights: Floats | None, task: object) -> None:
    seen = y[counted(len(y), weights)]
    happened = occurrences(family, seen).sum(axis=0)
    if (happened > 0).all():
        return
    if family == "poisson":
        raise DataError(f"Task '{task}' is poisson, but its outcome is 0 in every row; drop the task.")
    if family == "cox":
        raise DataError(f"Task '{task}' has no events among its {len(seen)} rows; drop the task.")
    if y.ndim == 2:
        what = ("successes", "failures")[int(np.flatnonzero(happened == 0)[0])]
        raise DataError(f"Task '{task}' is binomial, but has no {what}; it needs both, or drop the task.")
    value = float(seen[0]) if len(seen) else 0.0
    raise DataError(
        f"Task '{task}' is binomial, but its outcome is {value:g} in every row; it needs both 0 and 1, or drop the "
        "task."
    )
