"""The steps of a study in their order: each is one verb of the package, with its name and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sparsekin.analysis.plan import Plan
from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.frame import to_pandas
from sparsekin.errors import OptionError, kind_of, with_article
from sparsekin.models.sparse.compare import Comparison
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.leaving_out import InternalExternal
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.models.sparse.results import SparseResults

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    ======== ======== ===================================================================
    field    type     meaning
    ======== ======== ===================================================================
    name     str      attribute of the study
    what     str      what is being done, for the bar
    rests_on tuple    names of the steps whose values it takes
    after    tuple    steps whose value stands for that of the last of these, where there is one
    run      callable (plan, data, values of those steps) -> value
    ======== ======== ===================================================================
    """

    name: str
    what: str
    rests_on: tuple[str, ...]
    run: Callable[[Plan, Any, Values], Any]
    after: tuple[str, ...] = ()

    @property
    def takes(self) -> tuple[str, ...]:
        """All steps whose values it may take."""
        return (*self.rests_on, *self.after)


def _model(plan: Plan, data: Any, done: Values) -> Any:
    return SparseMTL.from_formula(plan.formula, data, plan.task, **plan.model)


def _cv(plan: Plan, data: Any, done: Values) -> Any:
    return done["model"].cross_validate(
        folds=plan.folds, groups=plan.labels, metric=plan.metric, n_jobs=plan.n_jobs, rng=plan.rng
    )


def _comparison(plan: Plan, data: Any, done: Values) -> Any:
    return done["model"].compare(folds=done["cv"].folds, metric=plan.metric, n_jobs=plan.n_jobs)


def _fit(plan: Plan, data: Any, done: Values) -> Any:
    found = done["cv"].refit(plan.which)
    return found if found.held_out is not None else found.hold_out(done["cv"].folds)


def _certified(plan: Plan, data: Any, done: Values) -> Any:
    return done["fit"].certify(time_limit=plan.time_limit)


def _sure(plan: Plan, data: Any, done: Values) -> Any:
    named = plan.labels is None and "groups" in plan.model
    groups = plan.labels if not named else to_pandas(data)[plan.model["groups"]]
    return _best(done).stability(plan.pairs, rng=plan.rng, groups=groups, n_jobs=plan.n_jobs)


def _alternatives(plan: Plan, data: Any, done: Values) -> Any:
    return _best(done).alternatives(time_limit=plan.time_limit)


def _validation(plan: Plan, data: Any, done: Values) -> Any:
    return done["model"].validate(
        plan.which, folds=plan.folds, groups=plan.labels, metric=plan.metric, n_jobs=plan.n_jobs, rng=plan.rng
    )


def _best(done: Values) -> Any:
    """The fit, with what its proof made better."""
    return done["fit"] if done.get("certified") is None else done["certified"]


STEPS = (
    Step("model", "reading the data", (), _model),
    Step("cv", "pool, share or separate", ("model",), _cv),
    Step("comparison", "other methods on the same folds", ("model", "cv"), _comparison),
    Step("fit", "the tuned fit", ("cv",), _fit),
    Step("certified", "proving the optimum", ("fit",), _certified),
    Step("sure", "half-samples", ("fit",), _sure, ("certified",)),
    Step("alternatives", "other supports nearly as good", ("fit",), _alternatives, ("certified",)),
    Step("validation", "leaving each study out", ("model",), _validation),
)
NAMES = tuple(step.name for step in STEPS)
KINDS: dict[str, type] = {
    "model": SparseMTL, "cv": CVResults, "comparison": Comparison, "fit": SparseResults, "certified": SparseResults,
    "sure": SparseResults, "alternatives": pd.DataFrame, "validation": InternalExternal,
}  # fmt: skip
SKIPPABLE = ("comparison", "certified", "sure", "alternatives", "validation")


def resting_on(names: set[str]) -> set[str]:
    """The steps that take what these give, directly or through others."""
    found: set[str] = set()
    for step in STEPS:
        if (set(step.takes) & (found | names)) and step.name not in names:
            found.add(step.name)
    return found


def check_names(names: Collection[str], where: str, allowed: Sequence[str] = NAMES) -> None:
    """Raise `OptionError` unless all are names of steps that are allowed; `where` says who names them."""
    for name in names:
        if name not in allowed:
            raise OptionError(f"{where} names a step {name!r}, which it cannot; steps are {', '.join(allowed)}.")


def check_value(name: str, value: Any, fit: SparseResults | None) -> None:
    """Raise `OptionError` unless a value can stand for a step; `fit` is one of this study, where there is one."""
    kind = KINDS[name]
    if not isinstance(value, kind):
        raise OptionError(f"{name} must be {with_article(kind.__name__)}, not {kind_of(value)}.")
    if isinstance(value, SparseResults):
        if name == "sure" and value.halves is None:
            raise OptionError("sure must be a fit with half-samples: call .stability() first.")
        if fit is not None and _size(value.blocks) != _size(fit.blocks):
            raise OptionError(
                f"{name} is a fit of other data: {_size(value.blocks)} tasks, rows and candidates, and this study has "
                f"{_size(fit.blocks)}."
            )


def _size(blocks: TaskBlocks) -> tuple[int, int, int]:
    return blocks.n_tasks, blocks.nobs, blocks.n_features
