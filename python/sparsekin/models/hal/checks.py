"""Checks of what a HAL is asked for, in the user's names."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.reader import is_masked
from sparsekin.errors import OptionError
from sparsekin.hal.linear import FACTORS, linear_functions, with_linear
from sparsekin.hal.path import lambda_max
from sparsekin.hal.problem import Problem
from sparsekin.options import FamilyMetric


def is_count(value: object) -> bool:
    """Whether a value is an integer >= 1."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 1


def check_bins(knots: object) -> None:
    """Refuse what is neither a number of knots, "full", nor a sequence of them."""
    values = list(knots) if isinstance(knots, Sequence) and not isinstance(knots, str) else [knots]
    for value in values:
        if not (is_count(value) or value == "full" or (value is None and knots is None)):
            raise OptionError(f"knots = {knots!r} must be a number >= 1 or 'full', or one of them for each degree.")
    if not values:
        raise OptionError("knots is empty; give one value for each degree, or leave it out.")


def check_lambda(lambda_: object, said: str = "lambda_ = {!r}") -> float:
    """Return lambda as a float > 0; `said` is how a message calls it.

    Raises
    ------
    OptionError
    """
    if isinstance(lambda_, bool) or not isinstance(lambda_, Real) or not 0 < float(lambda_) < np.inf:
        raise OptionError(f"{said.format(lambda_)} must be a finite number > 0.")
    return float(lambda_)


def check_tolerance(tolerance: object) -> float:
    """Return the tolerance as a float between 0 and 1.

    Raises
    ------
    OptionError
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real) or not 0 < float(tolerance) < 1:
        raise OptionError(f"tolerance = {tolerance!r} must be a number between 0 and 1, such as 1e-6.")
    return float(tolerance)


def check_l1_ratio(l1_ratio: object) -> float:
    """Return the share of the 1-norm as a float from 0 to 1.

    Raises
    ------
    OptionError
    """
    if isinstance(l1_ratio, bool) or not isinstance(l1_ratio, Real) or not 0 <= float(l1_ratio) <= 1:
        raise OptionError(f"l1_ratio = {l1_ratio!r} must be a number from 0 (l21) to 1 (lasso).")
    return float(l1_ratio)


def read_l1_ratios(l1_ratio: float | Sequence[float]) -> list[float]:
    """Shares of the 1-norm, each once, in the order given.

    Raises
    ------
    OptionError
    """
    values = [check_l1_ratio(value) for value in _listed(l1_ratio)]
    if not values:
        raise OptionError("l1_ratio is empty; give at least one value, or leave it out.")
    return list(dict.fromkeys(values))


def _listed(values: Any) -> list[Any]:
    """The values, one or several; masked ones are no numbers."""
    return list(values) if is_masked(values) else np.atleast_1d(np.asarray(values, dtype=object)).tolist()


def check_metric(metric: object, families: Sequence[str]) -> FamilyMetric | None:
    """Refuse what does not judge outcomes of these families.

    Raises
    ------
    OptionError
    """
    named = set(families)
    own: dict[FamilyMetric, set[str]] = {"auc": {"binomial"}, "brier": {"binomial"}, "c_index": {"cox"}}
    allowed: list[FamilyMetric] = [] if len(named) > 1 or "gaussian" in named else ["deviance"]
    allowed += [name for name, kind in own.items() if named == kind]
    if metric is None:
        return None
    for name in allowed:
        if name == metric:
            return name
    listed = f"use {', '.join(map(repr, allowed))}" if allowed else "leave it out"
    raise OptionError(f"metric={metric!r} is not for {', '.join(sorted(named))} outcomes; {listed}.")


def check_linear(linear: object, problem: Problem) -> float | None:
    """Return the penalty of lines as a float above 0, at most 1, or None; a number only where the basis has lines.

    Raises
    ------
    OptionError
    """
    if linear is None:
        return None
    if isinstance(linear, bool) or not isinstance(linear, Real) or not 0 < float(linear) <= 1:
        raise OptionError(
            f"linear = {linear!r} must be a number above 0, at most 1: the smaller, the less lines are penalised "
            "beside curves; None: as any other function (cross_validate also takes several of these, or 'auto')."
        )
    if not linear_functions(problem.design.basis).any():
        raise OptionError(
            f"linear = {linear!r} is about lines, and this basis has none: order 0 makes steps only. Use order=1 for "
            "variables whose effect may be a line, or leave linear out."
        )
    return float(linear)


def read_linears(linear: object, problem: Problem) -> list[float | None]:
    """Penalties of lines to judge, each once, in the order given; "auto" is None alone where there are no lines.

    Raises
    ------
    OptionError
    """
    if isinstance(linear, str) and linear == "auto":
        return list(FACTORS) if linear_functions(problem.design.basis).any() else [None]
    values = [check_linear(value, problem) for value in _listed(linear)]
    if not values:
        raise OptionError("linear is empty; give at least one value, or 'auto'.")
    return list(dict.fromkeys(values))


def check_share(share: object, n: int) -> float:
    """Return the least share of ones of a step: 1 / sqrt(n) unless it is given.

    Raises
    ------
    OptionError
    """
    if share is None:
        return float(n) ** -0.5
    if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= float(share) < 1:
        raise OptionError(f"reduce_basis = {share!r} must be a share of rows, from 0 to below 1.")
    return float(share)


def read_lambdas(lambdas: Sequence[float] | None, n_lambda: int, top: float, ratio: float) -> Floats:
    """(m,) lambdas, descending, each once: those given, or `n_lambda` from `top` down to `ratio` of it.

    Raises
    ------
    OptionError
    """
    if lambdas is not None:
        values = [check_lambda(value, "lambdas holds {!r}; each value") for value in _listed(lambdas)]
        if not values:
            raise OptionError("lambdas is empty; give at least one value, or leave it out.")
        return np.unique(values)[::-1].copy()
    if not is_count(n_lambda):
        raise OptionError(f"n_lambda = {n_lambda!r} must be an integer >= 1.")
    return np.geomspace(1.0, ratio, n_lambda) * (top if top > 0 else 1.0)


def default_lambdas(
    problem: Problem, lambdas: Sequence[float] | None, n_lambda: int, *, to_the_end: bool = False
) -> Floats:
    """Those given, or down to a share of the `lambda_max` of the problem with no penalty of its own for lines.

    A path that is walked `to_the_end` stays where its last fits are not all but interpolations; cross-validation ends
    by itself, and with many knots the best fit may be far down.
    """
    top = lambda_max(problem)
    ratio = 1e-2 if to_the_end and problem.design.basis.size > problem.design.n else 1e-4
    if problem.linear is not None and top > 0:
        ratio *= lambda_max(with_linear(problem, None)) / top
    return read_lambdas(lambdas, n_lambda, top, ratio)
