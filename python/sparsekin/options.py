"""The options with a closed list of values, and the one function that checks them."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Literal

from sparsekin.errors import OptionError, kind_of

SupportMode = Literal["heterogeneous", "common", "independent"]
Standardize = Literal["within", "pooled", False]
Missing = Literal["raise", "drop"]
Family = Literal["gaussian", "binomial"]
LossFamily = Literal["gaussian", "binomial", "poisson", "cox"]
Ties = Literal["efron", "breslow"]
Scale = Literal["response", "link", "risk", "survival"]
PredictType = Literal["response", "link"]
TaskWeights = Literal["auto", "equal", "rows"]
PredictHow = Literal["task", "mean", "pooled", "stack"]
Solver = Literal["search", "relaxation", "scip"]
Method = Literal["tree", "outer-approximation"]
Scheme = Literal["within-task", "leave-one-task-out"]
Metric = Literal["rmse", "r2", "mae"]
FamilyMetric = Literal["deviance", "auc", "brier", "c_index"]
AnyMetric = Literal["rmse", "r2", "mae", "deviance", "auc", "brier", "c_index"]
Ensemble = Literal["mean", "stack"]


def check_option(name: str, value: object, allowed: Iterable[object]) -> None:
    """Raise `OptionError` unless `value` is one of `allowed`.

    Examples
    --------
    >>> check_option("missing", "drop", ("raise", "drop"))
    """
    choices = tuple(allowed)
    if not any(value is choice or (type(value) is type(choice) and value == choice) for choice in choices):
        listed = ", ".join(repr(choice) for choice in choices)
        raise OptionError(f"{name} = {value!r} is not one of {listed}.")


def check_level(name: str, value: object) -> None:
    """Raise `OptionError` unless a number lies between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < 1:
        raise OptionError(f"{name} = {value!r} must be a number between 0 and 1.")


def check_how(how: object, allowed: Iterable[str], no_stack: str = "") -> None:
    """Raise `OptionError` unless `how` is one of `allowed`; `no_stack` says why "stack" is not among them."""
    if not isinstance(how, str):
        raise OptionError(f"how is {kind_of(how)}, not text; the tasks of rows are given as task=...")
    if how == "stack" and no_stack:
        raise OptionError(f"how='stack' {no_stack}; use how='mean'.")
    check_option("how", how, allowed)


def check_penalty(name: str, value: object) -> float:
    """Return `value` as a float, or raise `OptionError` unless it is a number >= 0 whose products are finite.

    lambda_2 may be infinite: one coefficient vector for all tasks.
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = float("nan")
    if number != number:
        raise OptionError(f"{name} = {value!r} is not a number.")
    if name == "lambda_2" and number == float("inf"):
        return number
    if not 0.0 <= number < float("inf"):
        must = "must not be negative" if name == "lambda_2" else "must be finite and not negative"
        raise OptionError(f"{name} = {value!r} {must}.")
    largest, instead = (1e20, ", or inf: one coefficient vector") if name == "lambda_2" else (1e100, "")
    if number > largest:
        raise OptionError(f"{name} = {value!r} is more than can be computed with; use at most {largest:g}{instead}.")
    return number
