"""What the workshops see: numbers cut into tasks, with the names they go by. NumPy and SciPy only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Matrix: TypeAlias = "Floats | sparse.csc_array"


class OnDisk:
    """What `TaskBlocks.X` is where its columns are not in memory; see `sparsekin.data.sources.stored.Stored`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """What pseudo-rows made from moments stand for: how many rows, and where their numbers are measured from.

    ====== ======= ==========================================================
    field  shape   meaning
    ====== ======= ==========================================================
    counts (K,)    rows of positive weight behind the moments
    X      (p, K)  what was subtracted from the columns of `X`
    keep   (q, K)  what was subtracted from the always-in columns
    y      (K,)    what was subtracted from the outcomes
    ====== ======= ==========================================================
    """

    counts: Ints
    X: Floats
    keep: Floats
    y: Floats

    def intercept(self, coef: Floats, keep_coef: Floats) -> Floats:
        """(K,) what is added to intercepts of the deviations, for slopes (p, K) and (q, K) on the user's scale."""
        return np.asarray(self.y - np.sum(self.X * coef, axis=0) - np.sum(self.keep * keep_coef, axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class StrataLabels:
    """What the strata of K cox tasks are called.

    ====== =========== =========================================================================
    field  shape       meaning
    ====== =========== =========================================================================
    names  c of str    the columns they were read from, "" for values given as an array
    labels K of tuples of each code of a task, the c values that its rows have
    ====== =========== =========================================================================
    """

    names: tuple[str, ...]
    labels: tuple[tuple[tuple[Any, ...], ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """What the outcomes of K tasks are, where they are not all plain numbers with squared errors.

    ======== ================ =======================================================================================
    field    shape            meaning
    ======== ================ =======================================================================================
    families K of str         "gaussian", "binomial", "poisson" or "cox"
    y        K of (n_k, ...)  (n_k,) numbers; binomial also (n_k, 2) of successes and failures; cox (n_k, 2) of time
                              and status, (n_k, 3) of start, stop and status
    offset   K of (n_k,)/None known part of the linear predictor
    strata   K of (n_k,)/None cox: codes from 0 on, rows with a baseline hazard of their own
    levels   K of (str, str)  of binomial outcomes that were text: what 0 and 1 stand for; else None
    ties     str              cox: "efron" or "breslow"
    called   StrataLabels     what strata are called; None where there are none
    ======== ================ =======================================================================================
    """

    families: tuple[str, ...]
    y: tuple[Floats, ...]
    offset: tuple[Floats | None, ...]
    strata: tuple[Ints | None, ...]
    levels: tuple[tuple[str, str] | None, ...]
    ties: str = "efron"
    called: StrataLabels | None = None

    def take(self, tasks: list[int]) -> Responses:
        """Those of some tasks."""
        return Responses(
            tuple(self.families[k] for k in tasks),
            tuple(self.y[k] for k in tasks),
            tuple(self.offset[k] for k in tasks),
            tuple(self.strata[k] for k in tasks),
            tuple(self.levels[k] for k in tasks),
            self.ties,
            None if self.called is None else replace(self.called, labels=tuple(self.called.labels[k] for k in tasks)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class TaskBlocks:
    """Outcomes and designs of K tasks, ready for a solver.

    ============ =========================== =====================================================
    field        shape                       meaning
    ============ =========================== =====================================================
    X            (N, p)                      candidate columns, float64: Fortran-ordered array, or
                                             `scipy.sparse.csc_array`, or `OnDisk`; the rows of a
                                             task are contiguous
    y            K arrays of shape (n_k,)    outcome of task k; 0 where its weight is 0
    rows         K slices                    the rows of `X` and `keep` that belong to task k;
                                             all slices are (0, N) when `shared`
    weights      K of (n_k,) or None         observation weights >= 0, None = all one; in the
                                             multi-label case a missing outcome has weight 0
    keep         (N, q)                      always-in columns (q may be 0): no penalty acts on them
    task_names   K                           labels as the user gave them
    feature_names p                          names of the columns of `X`
    keep_names   q                           names of the columns of `keep`
    shared       bool                        multi-label: one X, K outcomes
    intercept    bool                        each task has an unpenalised intercept
    origin       Origin or None              set when the rows are pseudo-rows that only share the moments
                                             of the rows of the data, which stayed at the sites
    sites        int                         so many columns of `keep`, the first, are indicators of disjoint
                                             sets of rows, so that these have intercepts of their own
    responses    Responses or None           what outcomes are where they are not all numbers with squared errors; `y`
                                             then holds numbers, shares of successes and times
    n_obs        (K,)                        rows of the data that count in each task: those of
                                             positive weight
    weight_sums  (K,)                        sum of the observation weights of each task; the row count
                                             where there are none
    ============ =========================== =====================================================

    The last two are made here, once: what is done for one task must not read the rows of all.
    """

    X: Matrix
    y: tuple[Floats, ...]
    rows: tuple[slice, ...]
    weights: tuple[Floats | None, ...]
    keep: Floats
    task_names: tuple[object, ...]
    feature_names: tuple[str, ...]
    keep_names: tuple[str, ...]
    shared: bool = False
    intercept: bool = True
    origin: Origin | None = None
    sites: int = 0
    responses: Responses | None = None
    n_obs: Ints = field(init=False)
    weight_sums: Floats = field(init=False)

    def __post_init__(self) -> None:
        pairs = list(zip(self.y, self.weights, strict=True))
        counts = [len(y) if w is None else int(np.count_nonzero(w)) for y, w in pairs]
        sums = [len(y) if w is None else w.sum() for y, w in pairs]
        n_obs = np.array(counts, np.int64) if self.origin is None else self.origin.counts
        object.__setattr__(self, "n_obs", n_obs)
        object.__setattr__(self, "weight_sums", np.array(sums, float))

    @property
    def n_tasks(self) -> int:
        """K, the number of tasks."""
        return len(self.y)

    @property
    def nobs(self) -> int:
        """Rows of the data that count in any task: those of positive weight."""
        if not self.shared:
            return int(self.n_obs.sum())
        if self.origin is not None or any(w is None for w in self.weights):
            return int(self.n_obs.max())
        return int(np.count_nonzero(reduce(np.logical_or, (w > 0 for w in self.weights if w is not None))))

    @property
    def n_features(self) -> int:
        """p, the number of candidate columns."""
        return int(self.X.shape[1])

    @property
    def on_disk(self) -> bool:
        """Whether the columns of X stay on disk."""
        return isinstance(self.X, OnDisk)

    def X_of(self, k: int) -> Matrix:
        """(n_k, p) the rows of task k: a view where `X` is dense."""
        return self.X[self.rows[k]]

    def columns_of(self, k: int, columns: NDArray[np.integer[Any]]) -> Floats:
        """(n_k, s) some columns of task k, dense."""
        chosen = self.X_of(k)[:, columns]
        return chosen.toarray() if isinstance(chosen, sparse.sparray) else chosen

    def outcome_of(self, k: int) -> Floats:
        """(n_k, ...) the outcome of task k as its loss takes it."""
        return self.y[k] if self.responses is None else self.responses.y[k]

    def offset_of(self, k: int) -> Floats | None:
        """(n_k,) the known part of the linear predictor of task k."""
        return None if self.responses is None else self.responses.offset[k]

    def strata_of(self, k: int) -> Ints | None:
        """(n_k,) the strata of task k."""
        return None if self.responses is None else self.responses.strata[k]

    @property
    def families_said(self) -> tuple[str, ...]:
        """(K,) families of `responses`; "gaussian" where there are none."""
        return ("gaussian",) * self.n_tasks if self.responses is None else self.responses.families

    @property
    def mixed(self) -> bool:
        """Whether tasks are of several families."""
        return len(set(self.families_said)) > 1

    @property
    def ties(self) -> str:
        """How events of cox tasks at one time count."""
        return "efron" if self.responses is None else self.responses.ties

    def keep_of(self, k: int) -> Floats:
        """(n_k, q) the always-in columns of task k, a view."""
        return self.keep[self.rows[k]]
