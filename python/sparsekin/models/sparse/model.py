"""Sparse regression with shared supports: the class a person types."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, get_args

from sparsekin.data.gather import prepare_moments
from sparsekin.data.moments import Moments
from sparsekin.data.prepare import Prepared, prepare_arrays, prepare_frame
from sparsekin.data.standardize import standardize as make_standard
from sparsekin.errors import InterruptedWarning
from sparsekin.l0.problem import make_problem
from sparsekin.l0.solve import solve
from sparsekin.models.sparse.checks import Sizes, check_rows, check_sharing, one_scale, read_sizes, read_task_weights
from sparsekin.models.sparse.comparing import Comparing
from sparsekin.models.sparse.exact import check_limits, check_method
from sparsekin.models.sparse.magnitudes import check_magnitudes, warn_of_units
from sparsekin.models.sparse.results import SparseResults, relaxed_results, results_of
from sparsekin.options import (
    Method,
    Missing,
    Solver,
    Standardize,
    SupportMode,
    TaskWeights,
    check_option,
    check_penalty,
)


class SparseMTL(Comparing):
    """Best-subset regression of several tasks at once, whose supports borrow strength from each other.

    Minimises F = sum_k (w_k / (2 n_k)) ||y_k - c_k - X_k b_k||^2 + (lambda_1 / 2) sum_k ||b_k||^2
    + (lambda_2 / 2) sum_k ||b_k - b_bar||^2 + (lambda_z / 2) sum_k ||z_k - z_bar||^2 with at most s features in
    each task (Loewinger et al., arXiv 2212.08697).

    Parameters
    ----------
    y : array of shape (n,) or (n, K)
        Outcome; K columns are K outcomes that share one X (multi-label).
    X : array, scipy.sparse matrix or frame of numbers, shape (n, p)
        Candidate features; the model keeps a copy. Rows of pandas objects (`y`, `task`, `keep`, `weights` too) pair by
        their labels, which must be the same in the same order; beside arrays, by position. Masked cells are missing.
    task : array of n labels, optional
        Which task each row belongs to; by default all rows are one task.
    keep : array of shape (n, q) or names of columns of X, optional
        Columns that are always in; no penalty acts on them.
    weights : array of shape (n,), optional
        Observation weights >= 0.
    feature_names : p names, optional
    missing : {"raise", "drop"}
        What to do with rows that have a missing value.
    standardize : {"within", "pooled", False}
        Scale on which the penalties act: each task's own standard deviations, those over all rows, or none.
    scale_outcome : bool
        Divide each outcome by its standard deviation, for outcomes in different units; without it, standard
        deviations a thousand times apart are a `DataWarning`.

    Raises
    ------
    DataError
        The data cannot be used, or row labels differ; the message names the column, task or rows.
    OptionError
        An option has a value it cannot take.

    See Also
    --------
    SparseMTL.from_formula : the same from a data frame and a formula.
    SparseMTL.from_moments : the same from sums over the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import SparseMTL
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 8))
    >>> y = 2 * X[:, 1] - X[:, 4] + 0.1 * rng.standard_normal(60)
    >>> res = SparseMTL(y, X, np.repeat(["north", "south"], 30)).fit(s=2, lambda_z=0.1)
    >>> res.selected
    ['x2', 'x5']
    """

    def __init__(
        self,
        y: Any,
        X: Any,
        task: Any = None,
        *,
        keep: Any = None,
        weights: Any = None,
        feature_names: Sequence[str] | None = None,
        missing: Missing = "raise",
        standardize: Standardize = "within",
        scale_outcome: bool = False,
    ) -> None:
        prepared = prepare_arrays(y, X, task, keep=keep, weights=weights, feature_names=feature_names, missing=missing)
        self._start(prepared, standardize, scale_outcome)

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: Any,
        task: str | None = None,
        *,
        keep: Sequence[str] = (),
        weights: Any = None,
        groups: str | None = None,
        missing: Missing = "raise",
        standardize: Standardize = "within",
        scale_outcome: bool = False,
    ) -> SparseMTL:
        """A model from a formula and a data frame.

        Parameters
        ----------
        formula : str
            ``"y ~ x1 + x2"``; ``.`` stands for every column but the outcomes, task, weights and groups; several
            outcomes, ``"y1 + y2 ~ ."``, share one X (multi-label). Names that are no words stand between backticks.
            Expressions can use formulaic's transforms (also those added to ``formulaic.transforms.TRANSFORMS``) and
            NumPy's elementwise functions, no other code.
        data : frame
            pandas, polars, pyarrow, anything narwhals reads, or a dict of arrays; never changed.
        task : str, optional
            Column that says which task a row belongs to.
        keep : sequence of str
            Terms or columns that are always in.
        weights : str or array of shape (n,), optional
        groups : str, optional
            Column that says which rows belong together (a patient's): no candidate, and held out together by
            `cross_validate` and `compare`.
        missing, standardize, scale_outcome
            As for `SparseMTL`.

        Raises
        ------
        FormulaError
            The formula cannot be read, or names what the data do not have.
        DataError, OptionError
            As for `SparseMTL`.

        Warns
        -----
        DataWarning
            Text of which nearly all values are numbers, or that has more levels than a quarter of the rows.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(1)
        >>> data = {name: rng.standard_normal(40) for name in ("age", "bmi", "crp")} | {"site": ["A", "B"] * 20}
        >>> data["y"] = data["bmi"] + 0.1 * rng.standard_normal(40)
        >>> SparseMTL.from_formula("y ~ .", data, task="site").fit(s=1).selected
        ['bmi']
        """
        model = cls.__new__(cls)
        prepared = prepare_frame(formula, data, task=task, keep=keep, weights=weights, groups=groups, missing=missing)
        model._start(prepared, standardize, scale_outcome)
        return model

    @classmethod
    def from_moments(
        cls, moments: Moments, *, standardize: Standardize = "within", scale_outcome: bool = False
    ) -> SparseMTL:
        """A model from sums over rows that stayed where they are; its fits are those of the rows.

        Parameters
        ----------
        moments : Moments
            Of all tasks, as `sparsekin.moments` makes, adds and loads them.
        standardize, scale_outcome
            As for `SparseMTL`.

        Raises
        ------
        OptionError
            As for `SparseMTL`.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import moments
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((60, 8))
        >>> y = 2 * X[:, 1] - X[:, 4] + 0.1 * rng.standard_normal(60)
        >>> north = moments.from_arrays(y[:30], X[:30], ["north"] * 30)
        >>> south = moments.from_arrays(y[30:], X[30:], ["south"] * 30)
        >>> SparseMTL.from_moments(north + south).fit(s=2, lambda_z=0.1).selected
        ['x2', 'x5']
        """
        model = cls.__new__(cls)
        model._start(prepare_moments(moments), standardize, scale_outcome)
        return model

    def _start(self, prepared: Prepared, standardize: Standardize, scale_outcome: bool) -> None:
        check_option("standardize", standardize, get_args(Standardize))
        check_option("scale_outcome", scale_outcome, (False, True))
        check_magnitudes(prepared.blocks)
        if not scale_outcome:
            warn_of_units(prepared.blocks, stacklevel=3)
        self._prepared = prepared
        self._standard = make_standard(prepared.blocks, standardize, scale_outcome)

    def fit(
        self,
        s: Sizes,
        lambda_1: float = 0.0,
        lambda_2: float = 0.0,
        lambda_z: float = 0.0,
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        effort: int = 1,
        *,
        solver: Solver = "search",
        gap: float = 1e-4,
        time_limit: float | None = None,
        method: Method = "tree",
    ) -> SparseResults:
        """Select at most s features per task and estimate their coefficients.

        Parameters
        ----------
        s : int, sequence of K ints, or dict by task
            Most features a task may select; p or more means all.
        lambda_1 : float
            Ridge penalty.
        lambda_2 : float
            Penalty on differences between the tasks' coefficients. ``math.inf``: one coefficient vector for all tasks,
            of the always-in columns too (a finite lambda_2 does not touch these), and an intercept per task; columns
            are then scaled by pooled standard deviations, unless ``standardize=False``.
        lambda_z : float
            Penalty on differences between the tasks' supports; a feature in one task alone must lower the objective
            by lambda_z (K - 1) / (2 K).
        support : {"heterogeneous", "common", "independent"}
            "common": the same features in every task; "independent": nothing shared, lambda_2 and lambda_z must be 0.
        task_weights : {"auto", "equal", "rows"}
            w_k = 1, or n_k K / N; "auto": "rows" where lambda_2 is infinite, else "equal".
        effort : {0, 1, 2}
            How long to search: more starts and larger moves.
        solver : {"search", "relaxation", "scip"}
            "relaxation": the s features of largest share in the convex relaxation, refitted, without any search; the
            shares are `SparseResults.fractional`, `bound` and `gap` are proven (needs lambda_1 > 0 or many rows).
            "scip": the search, then `SparseResults.certify` to `gap` within `time_limit` seconds (None: no limit).
        gap, time_limit, method
            For ``solver="scip"``, as in `SparseResults.certify`; the time limit also ends the relaxation early.

        Returns
        -------
        SparseResults

        Raises
        ------
        OptionError
            An option has a value it cannot take, or two contradict each other.
        DataError
            A task has too few rows for s features.
        SolverError
            The optimiser could not produce an answer.

        Warns
        -----
        InterruptedWarning
            Ctrl-C stopped the search: the best solution so far is returned, its status is "interrupted".
        """
        check_option("support", support, get_args(SupportMode))
        check_option("task_weights", task_weights, get_args(TaskWeights))
        check_option("effort", effort, (0, 1, 2))
        check_option("solver", solver, get_args(Solver))
        check_limits(gap, time_limit)
        lambda_1, lambda_2 = check_penalty("lambda_1", lambda_1), check_penalty("lambda_2", lambda_2)
        check_method(method, lambda_1)
        lambda_z = check_penalty("lambda_z", lambda_z)
        sizes = read_sizes(s, self.blocks)
        check_sharing(support, sizes, self.blocks.task_names, lambda_2, lambda_z)
        pooled = lambda_2 == math.inf
        check_rows(self.blocks, sizes, lambda_1, pooled)
        weights = read_task_weights(task_weights, self.blocks, pooled)
        problem = make_problem(
            self.blocks, one_scale(self._standard, self.blocks, pooled), sizes,
            lambda_1=lambda_1, lambda_2=lambda_2, lambda_z=lambda_z, task_weights=weights, support=support,
        )  # fmt: skip
        if solver == "relaxation":
            return relaxed_results(self._prepared, problem, effort, time_limit)
        solution = solve(problem, effort=effort)
        if solution.status == "interrupted":
            warnings.warn(
                f"The search was interrupted after {solution.seconds:.1f} s; the best solution so far is kept.",
                InterruptedWarning,
                stacklevel=2,
            )
        results = results_of(self._prepared, problem, solution, effort)
        return results.certify(gap, time_limit, method=method) if solver == "scip" else results
