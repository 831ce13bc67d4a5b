"""The values a tuning parameter takes: those given, or "auto"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.errors import OptionError
from sparsekin.l0.grid import Settings, cross
from sparsekin.l0.lambda_max import auto_lambda_z
from sparsekin.l0.problem import Problem
from sparsekin.options import check_penalty

RIDGES = (0.0, 0.02, 0.1, 0.4, 1.5, 6.0)  # the standardised columns have variance 1
PER_ROW = (1.0, 4.0, 16.0, 64.0)  # ridges of tasks with losses, over the mean rows of a task
SEARCHED_PER_ROW = PER_ROW[:3]  # of them, where supports are searched for at each
SPREADS = (0.0, 1e-2, 1e-1, 1.0, 10.0)
REFINED = 5  # values of stage 2 between the neighbours of the winner


def make_grid(problem: Problem, s: Any, lambda_1: Any, lambda_2: Any, lambda_z: Any, n_lambda_z: int = 10) -> Settings:
    """Every combination of the values given; "auto" stands for values that fit the data.

    Parameters
    ----------
    problem : Problem
        The data; its support mode says what may be shared.
    s, lambda_1, lambda_2, lambda_z : number, sequence or "auto"
    n_lambda_z : int
        Values of lambda_z when it is "auto": 0, and up to `sparsekin.l0.lambda_max.lambda_z_max`.

    Raises
    ------
    OptionError
        A value that cannot be, or one that contradicts the support mode.
    """
    pooled = np.ndim(lambda_2) == 0 and asks_for_pooling(lambda_2)
    sizes = auto_sizes(problem, pooled) if is_auto("s", s) else read_sizes(s, problem.n_features)
    ridges = np.array(RIDGES) if is_auto("lambda_1", lambda_1) else read_penalties("lambda_1", lambda_1)
    shares = problem.support != "independent" and problem.n_tasks > 1
    ties = shares and not problem.blocks.mixed
    spreads = read_penalties("lambda_2", 0.0 if not ties and is_auto("lambda_2", lambda_2) else lambda_2, SPREADS)
    if is_auto("lambda_z", lambda_z) and np.all(spreads == np.inf):
        shared = np.zeros(1)
    elif is_auto("lambda_z", lambda_z):
        some = sizes[sizes > 0].tolist() or [1]
        shared = auto_lambda_z(replace(problem, lambda_1=float(ridges.min())), some, n_lambda_z)
    else:
        shared = read_penalties("lambda_z", lambda_z)
    if problem.support == "independent":
        for name, values in (("lambda_2", spreads), ("lambda_z", shared)):
            if values.max() > 0:
                raise OptionError(
                    f"support='independent' shares nothing between tasks, so {name} = {values.max():g} has no meaning; "
                    f"set {name}=0 or use support='heterogeneous'."
                )
    return cross(sizes, ridges, spreads, shared)


def ridges_by_rows(blocks: TaskBlocks, times: Sequence[float] = PER_ROW) -> Floats:
    """Ridges of tasks with losses: normal priors on standardised log ratios with the precision of `times` rows."""
    return np.array(times) / float(blocks.n_obs.mean())


def asks_for_pooling(lambda_2: Any) -> bool:
    """Whether infinity is among the values of lambda_2."""
    return not is_auto("lambda_2", lambda_2) and bool(np.isinf(read_penalties("lambda_2", lambda_2)).any())


def read_sizes(s: Any, p: int) -> Ints:
    """Sizes to try, at most p: one integer >= 0, or several; 0 is the model without features."""
    values = [s] if np.ndim(s) == 0 else list(s)
    if not values:
        raise OptionError("s has no values.")
    for size in values:
        if isinstance(size, bool | np.bool_) or not isinstance(size, Integral) or size < 0:
            raise OptionError(f"s = {size!r} is not an integer of 0 or more.")
    return np.unique(np.minimum(np.array(values, np.int64), p))


def read_penalties(name: str, values: Any, auto: Iterable[float] = ()) -> Floats:
    """Penalties to try: one number >= 0, or several."""
    if is_auto(name, values):
        values = tuple(auto)
    given = [values] if np.ndim(values) == 0 else list(values)
    if not given:
        raise OptionError(f"{name} has no values.")
    return np.unique([check_penalty(name, value) for value in given])


def auto_sizes(problem: Problem, pooled: bool = False) -> Ints:
    """0, 1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 50 as far as p and a third of the rows allow.

    Rows of the smallest task; of all tasks where they are `pooled`.
    """
    n = problem.blocks.n_obs.sum() if pooled else problem.blocks.n_obs.min()
    limit = max(1, min(problem.n_features, int(n) // 3, 50))
    values = np.array([0, 1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 50])
    return np.unique(np.append(values[values <= limit], min(limit, 50)))


def refine(settings: Settings, winner: int, p: int) -> Settings:
    """A finer grid around a setting: between its neighbours on each axis that has several values."""
    s = _between_sizes(np.unique(settings.s), int(settings.s[winner]), p)
    axes = (
        _between(np.unique(getattr(settings, name)), float(getattr(settings, name)[winner]))
        for name in ("lambda_1", "lambda_2", "lambda_z")
    )
    return cross(s, *axes)


def _between_sizes(values: Ints, at: int, p: int) -> Ints:
    if len(values) == 1:
        return values
    i = int(np.searchsorted(values, at))
    low, high = values[max(i - 1, 0)], values[min(i + 1, len(values) - 1)]
    high = min(p, 2 * at - values[i - 1]) if i == len(values) - 1 else high
    return np.unique(np.append(np.linspace(low, high, REFINED).round().astype(np.int64), at))


def _between(values: Floats, at: float) -> Floats:
    """Values around `at` on the log scale; around 0 those below the least positive one, around infinity those above."""
    positive = values[(values > 0) & (values < np.inf)]
    if len(values) == 1 or not len(positive):
        return values
    if at == np.inf:
        return np.append(np.geomspace(positive[-1], 100 * positive[-1], REFINED), at)
    if at == 0:
        return np.append(0.0, np.geomspace(positive[0] / 100, positive[0], REFINED))
    i = int(np.searchsorted(positive, at))
    ratio = 10.0 if len(positive) == 1 else positive[1] / positive[0]
    low = float(positive[i - 1]) if i else at / ratio
    high = float(positive[i + 1]) if i + 1 < len(positive) else at * ratio
    half = REFINED // 2 + 1
    return np.concatenate([np.geomspace(low, at, half)[:-1], [at], np.geomspace(at, high, half)[1:]])


def is_auto(name: str, value: Any) -> bool:
    """Whether a parameter is left to the data."""
    if isinstance(value, str) and value != "auto":
        raise OptionError(f"{name} = {value!r} is neither a number, several numbers nor 'auto'.")
    return isinstance(value, str)
