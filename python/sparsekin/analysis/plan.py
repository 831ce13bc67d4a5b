"""What a study is asked to do: all that is needed to do it again."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sparsekin.data.families import Families
from sparsekin.errors import OptionError
from sparsekin.models.halving import check_pairs
from sparsekin.models.sparse.exact import check_limits
from sparsekin.options import AnyMetric, Missing, Standardize, Ties, check_level, check_option

WHICH = ("best", "1se")


@dataclass(frozen=True, slots=True)
class Plan:
    """The arguments of `sparsekin.study`, by their names.

    ========== =================== ==================================================================
    field      type                meaning
    ========== =================== ==================================================================
    model      dict                arguments of `SparseMTL.from_formula` besides formula, data, task
    which      str                 what is refitted: "best" or "1se"
    folds      int                 folds within the tasks
    metric     str or None         of cross-validation
    pairs      int                 pairs of half-samples
    fdr        float               false discovery rate of features
    time_limit float               seconds for the proof, and for the alternatives
    rng        int                 seed of every step
    n_jobs     int or None
    labels     (n,) or None        which rows belong together, where the model has no column that says so
    source     str                 language of the formula: "python" or "r"
    ========== =================== ==================================================================
    """

    formula: str
    task: str | None
    model: dict[str, Any]
    which: str
    folds: int
    metric: AnyMetric | None
    pairs: int
    fdr: float
    time_limit: float
    rng: int
    n_jobs: int | None
    labels: Any = None
    source: str = "python"


def plan_of(
    formula: str, task: str | None, keep: Any, family: Families, weights: str | None, groups: str | None,
    exposure: str | None, ties: Ties, missing: Missing, standardize: Standardize, which: str, folds: int,
    metric: AnyMetric | None, pairs: int, fdr: float, time_limit: float, rng: Any, n_jobs: int | None,
) -> Plan:  # fmt: skip
    """A plan; what is as by default is left out of the arguments of the model.

    Raises
    ------
    OptionError
        A value that no step checks is out of range.
    """
    check_option("which", which, WHICH)
    if isinstance(rng, bool) or not isinstance(rng, Integral) or rng < 0:
        raise OptionError(f"rng = {rng!r} must be a whole number >= 0, so that the study can be done again.")
    check_level("fdr", fdr)
    check_pairs(pairs)
    if time_limit is None:
        raise OptionError("time_limit must be a positive number of seconds: a study has to end.")
    check_limits(1e-4, time_limit)
    for name, value in {"weights": weights, "groups": groups, "exposure": exposure}.items():
        if value is not None and not isinstance(value, str):
            raise OptionError(f"{name} must be the name of a column, so that the study can be done again.")
    kept = [keep] if isinstance(keep, str) else list(keep or ())
    given = {
        "family": (family, "gaussian"), "keep": (kept, []), "weights": (weights, None), "groups": (groups, None),
        "exposure": (exposure, None), "ties": (ties, "efron"), "missing": (missing, "raise"),
        "standardize": (standardize, "within"),
    }  # fmt: skip
    model = {name: value for name, (value, default) in given.items() if not _same(value, default)}
    return Plan(formula, task, model, which, folds, metric, pairs, fdr, time_limit, int(rng), n_jobs)


def _same(value: Any, default: Any) -> bool:
    """Whether an option is as by default; arrays never are."""
    return type(value) is type(default) and bool(value == default)
