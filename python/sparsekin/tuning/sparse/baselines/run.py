"""Methods cross-validated on the same folds, each judged at the setting that is best on the other folds."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.errors import OptionError
from sparsekin.tuning.chosen import at_chosen, cross_chosen_by
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.baselines.methods import Family, Method
from sparsekin.tuning.sparse.cross_validate import Fitter, warn_interrupted
from sparsekin.tuning.sparse.errors import CvErrors, FoldErrors, collect
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.scoring import Predictor
from sparsekin.tuning.sparse.table import Score, cell_metric, loss_sign


@dataclass(frozen=True, slots=True, eq=False)
class MethodRun:
    """One method on the folds.

    ======== ================ ======================================================================================
    field    shape            meaning
    ======== ================ ======================================================================================
    name     str
    family   str              null, pooling, sharing, separate models or boosting
    errors   CvErrors or None None where the method is not available
    reason   str              why it is not
    per_task (m,) or None     see `Method`
    union    (m, F)           features that any task selects; NaN where the method has no coefficients
    supports F of (mK, p)     features of setting i in task k (row iK + k), only where settings differ between tasks
    seconds  float            CPU time of all folds: fits at all settings and predictions
    tried    int              settings tried, where `errors` are of a mean of them; 0: those of `errors`
    ======== ================ ======================================================================================
    """

    name: str
    family: Family
    errors: CvErrors | None
    reason: str = ""
    per_task: Ints | None = None
    union: Floats | None = None
    supports: tuple[sparse.csr_array, ...] = ()
    seconds: float = float("nan")
    tried: int = 0

    def chosen(self, metric: Score) -> Ints:
        """(F, K) settings, each the best on the *other* folds; -1 where these are not finished."""
        assert self.errors is not None
        m = len(self.errors.settings)
        apart = self.per_task is not None and self.errors.folds.scheme == "within-task"
        group = self.per_task if apart and self.per_task is not None else np.arange(m)
        return cross_chosen_by(loss_sign(metric) * cell_metric(self.errors, metric), group)

    def per_fold(self, metric: Score) -> Floats:
        """(F,) mean over tasks of the metric at the settings chosen."""
        assert self.errors is not None
        return mean_over(at_chosen(cell_metric(self.errors, metric), self.chosen(metric)), axis=1)

    def selected(self, metric: Score) -> tuple[float, float]:
        """Features per task, and features of all tasks together, at the settings chosen; means over folds."""
        assert self.errors is not None
        chosen = self.chosen(metric)
        sizes = mean_over(at_chosen(self.errors.sizes, chosen), axis=1)
        union = np.array([self._union(fold, at) for fold, at in enumerate(chosen)])
        return float(mean_over(sizes, axis=0)), float(mean_over(union, axis=0))

    def _union(self, fold: int, at: Ints) -> float:
        if self.union is None or at[0] < 0:
            return float("nan")
        if fold < len(self.supports):
            K = len(at)
            return float(len(np.unique(self.supports[fold][at * K + np.arange(K)].indices)))
        return float(self.union[at[0], fold])


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    """What one fold hands over."""

    errors: FoldErrors
    union: Floats
    supports: sparse.csr_array | None
    seconds: float


def run_methods(
    blocks: TaskBlocks,
    methods: Iterable[Method],
    folds: Folds,
    metric: Score = "rmse",
    *,
    n_jobs: int | None = None,
    progress: bool = False,
) -> list[MethodRun]:
    """Cross-validate methods one after the other; Ctrl-C ends with the one that was interrupted.

    Raises
    ------
    OptionError
        There is one fold: nothing would say how much differences vary.
    """
    if folds.n_folds < 2:
        raise OptionError("compare needs at least 2 folds.")
    with _quiet():
        runs, interrupted = _run_all(blocks, methods, folds, metric, n_jobs, progress)
    if interrupted is not None:
        warn_interrupted(interrupted)
    return runs


def _run_all(
    blocks: TaskBlocks, methods: Iterable[Method], folds: Folds, metric: Score, n_jobs: int | None, progress: bool
) -> tuple[list[MethodRun], CvErrors | None]:
    """The runs, and the errors of the last one if Ctrl-C came."""
    runs: list[MethodRun] = []
    for method in methods:
        if method.fitter is None or method.settings is None:
            runs.append(MethodRun(method.name, method.family, None, method.reason))
            continue
        fitters = _fitters(method, runs, folds, metric)
        varies = method.per_task is not None and folds.scheme == "within-task"
        pieces = [(fitter, blocks, folds, fold, varies) for fold, fitter in enumerate(fitters)]
        found: list[_Fold] = in_order(_run_fold, pieces, n_jobs=n_jobs, progress=progress, complete=_complete)
        runs.append(_collected(method, folds, blocks.n_tasks, found))
        errors = runs[-1].errors
        if errors is not None and not errors.finished.all():
            return runs, errors
    return runs, None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without scikit-learn's warnings that a lasso of nearly collinear columns was left before its tolerance."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _fitters(method: Method, runs: Sequence[MethodRun], folds: Folds, metric: Score) -> list[Fitter]:
    """A fitter per fold: with the setting to start from, where the method asks for one."""
    assert method.fitter is not None
    if not method.start_from:
        return [method.fitter] * folds.n_folds
    earlier = next(run for run in runs if run.name == method.start_from)
    assert earlier.errors is not None
    best, settings = earlier.chosen(metric)[:, 0], earlier.errors.settings
    return [partial(method.fitter, start=settings.take(best[[fold]])) for fold in range(folds.n_folds)]


def _run_fold(fitter: Fitter, blocks: TaskBlocks, folds: Folds, fold: int, varies: bool) -> _Fold:
    started = time.thread_time()
    training = training_blocks(blocks, folds, fold)
    alone = threading.current_thread() is threading.main_thread()  # filters belong to a process: threads have ours
    with _quiet() if alone else nullcontext():
        models = fitter(training)
    errors = fold_errors(blocks, training, folds, fold, models)
    seconds = time.thread_time() - started
    union = np.array([_union(one) for one in models])
    return _Fold(errors, union, _supports(models) if varies else None, seconds)


def _union(model: Predictor | None) -> float:
    support = None if model is None else model.support
    return float("nan") if support is None else float(support.any(axis=1).sum())


def _supports(models: Sequence[Predictor | None]) -> sparse.csr_array:
    there = [one.support for one in models if one is not None and one.support is not None]
    return sparse.csr_array(np.concatenate([support.T for support in there]))


def _complete(found: _Fold) -> bool:
    return bool(found.errors.finished.all())


def _collected(method: Method, folds: Folds, n_tasks: int, found: Sequence[_Fold]) -> MethodRun:
    assert method.settings is not None
    errors = collect(method.settings, folds, n_tasks, [one.errors for one in found])
    union = np.full((len(method.settings), folds.n_folds), np.nan)
    for fold, one in enumerate(found):
        union[:, fold] = one.union
    supports = tuple(one.supports for one in found if one.supports is not None)
    seconds = sum(one.seconds for one in found)
    return MethodRun(method.name, method.family, errors, "", method.per_task, union, supports, seconds)
